-- Grain: one row per order and id of its buyer. The pin is a name that changes its cipher, and identifies nobody.

with orders as (
    select * from {{ ref('stg_jd__orders') }}
),

sightings as (
    select
        app,
        open_id_buyer,
        'open_id_buyer' as identifier_type,
        app as identifier_scope,
        open_id_buyer as identifier_value,
        created_at as seen_at,
        first_landed_on as landed_on
    from orders
    union all
    select
        app,
        open_id_buyer,
        'xid_buyer' as identifier_type,
        'developer' as identifier_scope,
        xid_buyer as identifier_value,
        created_at as seen_at,
        first_landed_on as landed_on
    from orders
),

evidence as (
    select
        'jd' as source,
        'jd_buyer' as account_type,
        app as scope,
        open_id_buyer as account_id,
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
