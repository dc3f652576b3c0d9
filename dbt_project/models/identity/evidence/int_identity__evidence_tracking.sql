-- Grain: one row per sighting of an identifier by a user of the mini program or the app; not unique.
-- A device is no identity: families share tablets. A visitor of the web site who never logs in stays nobody.

with events as (
    select
        *,
        case when platform = 'mini_program' then 'mini_program_user' else 'app_user' end as account_type,
        case when platform = 'mini_program' then openid else user_id end as account_id
    from {{ ref('stg_tracking__events') }}
),

sightings as (
    select
        account_type,
        appid,
        account_id,
        'openid' as identifier_type,
        appid as identifier_scope,
        openid as identifier_value,
        occurred_at,
        first_landed_on
    from events
    union all
    select
        account_type,
        appid,
        account_id,
        'app_user_id' as identifier_type,
        appid as identifier_scope,
        user_id as identifier_value,
        occurred_at,
        first_landed_on
    from events
    union all
    select
        account_type,
        appid,
        account_id,
        'unionid' as identifier_type,
        'open_platform' as identifier_scope,
        unionid as identifier_value,
        occurred_at,
        first_landed_on
    from events
    union all
    select
        account_type,
        appid,
        account_id,
        'phone' as identifier_type,
        'global' as identifier_scope,
        phone_hash_token as identifier_value,
        occurred_at,
        first_landed_on
    from events
),

evidence as (
    select
        'tracking' as source,
        account_type,
        appid as scope,
        account_id,
        identifier_type,
        identifier_scope,
        identifier_value,
        occurred_at as seen_at,
        occurred_at as last_at,
        first_landed_on as landed_on
    from sightings
)

select * from evidence
where account_id is not null and identifier_value is not null
