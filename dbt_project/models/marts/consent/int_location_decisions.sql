-- Grain: one account that shared its place, or took that back, with its newest decision. The place is rounded: to say
-- how far a store is nobody needs to know the house.
with

events as (
    select * from {{ ref('stg_tracking__events') }}
    where
        event_name in ('location_shared', 'location_refused')
        and platform in ('mini_program', 'app')
),

-- As identity's evidence names them.
named as (
    select
        *,
        case when platform = 'mini_program' then 'mini_program_user' else 'app_user' end as account_type,
        case when platform = 'mini_program' then openid else user_id end as account_id
    from events
),

ranked as (
    select
        *,
        row_number() over (
            partition by account_type, appid, account_id order by occurred_at desc, event_id desc
        ) as place
    from named
    where account_id is not null
),

int_location_decisions as (
    select
        account_type,
        appid as scope,
        account_id,
        platform || '_location' as act,
        event_name = 'location_shared' as is_granted,
        occurred_at as decided_at,
        event_name as text_version,
        case
            when event_name = 'location_shared' then round(longitude, {{ var('location_decimals') }})
        end as longitude,
        case
            when event_name = 'location_shared' then round(latitude, {{ var('location_decimals') }})
        end as latitude
    from ranked
    where place = 1
)

select * from int_location_decisions
