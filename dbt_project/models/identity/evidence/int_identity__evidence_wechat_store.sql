-- Grain: one row per sighting of an identifier by a user of a store: a buyer, or a member.

with orders as (
    select * from {{ ref('stg_wechat_store__orders') }}
),

-- The list of members says nothing of when somebody joined.
members as (
    select
        *,
        {{ start_of_day('first_landed_on') }} as seen_at
    from {{ ref('stg_wechat_store__members') }}
),

sightings as (
    select
        appid,
        openid,
        'openid' as identifier_type,
        appid as identifier_scope,
        openid as identifier_value,
        created_at as seen_at,
        first_landed_on as landed_on
    from orders
    union all
    select
        appid,
        openid,
        'unionid' as identifier_type,
        'open_platform' as identifier_scope,
        unionid as identifier_value,
        created_at as seen_at,
        first_landed_on as landed_on
    from orders
    union all
    select
        appid,
        openid,
        'openid' as identifier_type,
        appid as identifier_scope,
        openid as identifier_value,
        seen_at,
        first_landed_on as landed_on
    from members
    union all
    select
        appid,
        openid,
        'unionid' as identifier_type,
        'open_platform' as identifier_scope,
        unionid as identifier_value,
        seen_at,
        first_landed_on as landed_on
    from members
    union all
    select
        appid,
        openid,
        'phone' as identifier_type,
        'global' as identifier_scope,
        phone_token as identifier_value,
        seen_at,
        first_landed_on as landed_on
    from members
    -- A masked phone is nobody's.
    where phone_token like 'ph!_%' escape '!'
),

evidence as (
    select
        'wechat_store' as source,
        'wechat_store_user' as account_type,
        appid as scope,
        openid as account_id,
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
