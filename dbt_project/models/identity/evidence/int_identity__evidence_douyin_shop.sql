-- Grain: one row per order and id of its buyer: the open id, and the index of the phone the parcel goes to.

with orders as (
    select * from {{ ref('stg_douyin_shop__orders') }}
),

sightings as (
    select
        app,
        doudian_open_id,
        'douyin_open_id' as identifier_type,
        app as identifier_scope,
        doudian_open_id as identifier_value,
        created_at as seen_at,
        first_landed_on as landed_on
    from orders
    union all
    select
        app,
        doudian_open_id,
        'douyin_phone_index' as identifier_type,
        shop_id as identifier_scope,
        phone_index as identifier_value,
        created_at as seen_at,
        first_landed_on as landed_on
    from orders
),

evidence as (
    select
        'douyin_shop' as source,
        'douyin_buyer' as account_type,
        app as scope,
        doudian_open_id as account_id,
        identifier_type,
        identifier_scope,
        identifier_value,
        seen_at,
        seen_at as last_at,
        landed_on
    from sightings
)

select * from evidence
where account_id is not null and identifier_value is not null
