-- Grain: one row per sighting of an identifier by a Tmall account; not unique.

with trades as (
    select * from {{ ref('stg_tmall__trades') }}
),

refunds as (
    select * from {{ ref('stg_tmall__refunds') }}
),

members as (
    select * from {{ ref('stg_tmall__members') }}
),

member_trades as (
    select * from {{ ref('stg_tmall__member_trades') }}
),

buyer_sightings as (
    select
        shop,
        buyer_open_uid,
        'buyer_open_uid' as identifier_type,
        buyer_open_uid as identifier_value,
        created_at as seen_at,
        first_landed_on as landed_on
    from trades
    union all
    select
        shop,
        buyer_open_uid,
        'tid' as identifier_type,
        tid as identifier_value,
        created_at as seen_at,
        first_landed_on as landed_on
    from trades
    union all
    select
        shop,
        buyer_open_uid,
        'buyer_open_uid' as identifier_type,
        buyer_open_uid as identifier_value,
        created_at as seen_at,
        first_landed_on as landed_on
    from refunds
    union all
    select
        shop,
        buyer_open_uid,
        'tid' as identifier_type,
        tid as identifier_value,
        created_at as seen_at,
        first_landed_on as landed_on
    from refunds
    union all
    select
        shop,
        buyer_open_uid,
        'ouid' as identifier_type,
        ouid as identifier_value,
        created_at as seen_at,
        first_landed_on as landed_on
    from refunds
),

member_sightings as (
    select
        shop,
        ouid,
        'ouid' as identifier_type,
        ouid as identifier_value,
        {{ start_of_day('first_landed_on') }} as seen_at,
        first_landed_on as landed_on
    from members
    union all
    select
        shop,
        ouid,
        'tid' as identifier_type,
        tid as identifier_value,
        coalesce(traded_at, {{ start_of_day('first_landed_on') }}) as seen_at,
        first_landed_on as landed_on
    from member_trades
),

evidence as (
    select
        'tmall' as source,
        'tmall_buyer' as account_type,
        shop as scope,
        buyer_open_uid as account_id,
        identifier_type,
        shop as identifier_scope,
        identifier_value,
        seen_at,
        seen_at as last_at,
        landed_on
    from buyer_sightings
    union all
    select
        'tmall' as source,
        'tmall_member' as account_type,
        shop as scope,
        ouid as account_id,
        identifier_type,
        shop as identifier_scope,
        identifier_value,
        seen_at,
        seen_at as last_at,
        landed_on
    from member_sightings
)

select * from evidence
where account_id is not null and identifier_value is not null
