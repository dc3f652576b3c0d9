with

sessions as (
    select
        sum(events) as events,
        sum(page_views) as page_views,
        count(*) as sessions
    from {{ ref('fct_sessions') }}
),

touchpoints as (
    select
        count(*) as events,
        count(case when touchpoint_type = 'page_view' then 1 end) as page_views,
        count(distinct session_key) as sessions
    from {{ ref('fct_touchpoints') }}
    where session_key is not null
)

select
    sessions.events as events_of_sessions,
    touchpoints.events
from sessions
cross join touchpoints
where
    coalesce(sessions.events, 0) <> touchpoints.events
    or coalesce(sessions.page_views, 0) <> touchpoints.page_views
    or sessions.sessions <> touchpoints.sessions
