-- Grain: one row per sighting of an identifier by a customer of a mall: in a trade, in the list, at WeChat.

with trades as (
    select * from {{ ref('stg_youzan__trades') }}
),

customers as (
    select * from {{ ref('stg_youzan__customers') }}
),

-- They are asked for again with every trade: since when is said by the load that brought them first.
users as (
    select
        *,
        {{ start_of_day('first_landed_on') }} as first_seen_at
    from {{ ref('stg_youzan__users') }}
),

sightings as (
    select
        kdt_id,
        yz_open_id,
        'yz_open_id' as identifier_type,
        kdt_id as identifier_scope,
        yz_open_id as identifier_value,
        created_at as seen_at,
        created_at as last_at,
        first_landed_on as landed_on
    from trades
    union all
    select
        kdt_id,
        yz_open_id,
        'openid' as identifier_type,
        outer_user_appid as identifier_scope,
        outer_user_id as identifier_value,
        created_at as seen_at,
        created_at as last_at,
        first_landed_on as landed_on
    from trades
    union all
    select
        kdt_id,
        yz_open_id,
        'yz_open_id' as identifier_type,
        kdt_id as identifier_scope,
        yz_open_id as identifier_value,
        created_at as seen_at,
        created_at as last_at,
        first_landed_on as landed_on
    from customers
    union all
    select
        kdt_id,
        yz_open_id,
        'openid' as identifier_type,
        appid as identifier_scope,
        openid as identifier_value,
        first_seen_at as seen_at,
        greatest(first_seen_at, seen_at) as last_at,
        first_landed_on as landed_on
    from users
    union all
    select
        kdt_id,
        yz_open_id,
        'unionid' as identifier_type,
        'open_platform' as identifier_scope,
        unionid as identifier_value,
        first_seen_at as seen_at,
        greatest(first_seen_at, seen_at) as last_at,
        first_landed_on as landed_on
    from users
),

evidence as (
    select
        'youzan' as source,
        'youzan_customer' as account_type,
        kdt_id as scope,
        yz_open_id as account_id,
        identifier_type,
        identifier_scope,
        identifier_value,
        seen_at,
        last_at,
        landed_on
    from sightings
)

select * from evidence
where account_id is not null and identifier_scope is not null and identifier_value is not null
