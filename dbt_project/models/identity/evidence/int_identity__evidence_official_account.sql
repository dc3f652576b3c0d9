-- Grain: one row per follower and identifier.

with followers as (
    select
        *,
        coalesce(first_subscribed_at, {{ start_of_day('first_landed_on') }}) as seen_at
    from {{ ref('stg_official_account__followers') }}
),

sightings as (
    select
        appid,
        openid,
        'openid' as identifier_type,
        appid as identifier_scope,
        openid as identifier_value,
        seen_at,
        first_landed_on as landed_on
    from followers
    union all
    select
        appid,
        openid,
        'unionid' as identifier_type,
        'open_platform' as identifier_scope,
        unionid as identifier_value,
        seen_at,
        first_landed_on as landed_on
    from followers
),

evidence as (
    select
        'official_account' as source,
        'official_account_follower' as account_type,
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
