-- On each day as many members are still there as fct_group_activity counts.
with

days as (
    select
        *,
        reachable + interacting + trading + evaporating - departed as still_there
    from {{ ref('fct_community_daily') }}
),

activity as (
    select
        group_key,
        active_on,
        customers_at_end,
        lead(active_on) over (partition by group_key order by active_on) as next_on
    from {{ ref('fct_group_activity') }}
)

select
    days.group_key,
    days.community_on
from days
left join activity
    on
        days.group_key = activity.group_key
        and days.community_on >= activity.active_on
        and (activity.next_on is null or days.community_on < activity.next_on)
where days.still_there <> coalesce(activity.customers_at_end, 0)
