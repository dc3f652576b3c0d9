-- Counted from what people did: of everybody in a catchment at least one account shared its place, and of none the last
-- word was to take that back.
with

events as (
    select
        *,
        row_number() over (
            partition by appid, platform, coalesce(openid, user_id) order by occurred_at desc, event_id desc
        ) as age
    from {{ ref('stg_tracking__events') }}
    where event_name in ('location_shared', 'location_refused')
),

accounts as (
    select * from {{ ref('bridge_account_customer') }}
    where account_type in ('mini_program_user', 'app_user')
),

people as (
    select
        accounts.one_id,
        count(case when events.event_name = 'location_shared' then 1 end) as shared,
        count(case when events.event_name = 'location_refused' then 1 end) as refused
    from events
    inner join accounts
        on events.appid = accounts.scope and coalesce(events.openid, events.user_id) = accounts.account_id
    where events.age = 1
    group by accounts.one_id
)

select catchments.one_id
from {{ ref('bridge_store_catchment') }} as catchments
left join people on catchments.one_id = people.one_id
where
    coalesce(people.shared, 0) = 0
    or people.refused > 0
