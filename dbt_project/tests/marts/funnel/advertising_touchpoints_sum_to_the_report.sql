-- What the platform reported is in the touchpoints once, whatever it is split into.
with

reported as (
    select
        coalesce(sum(impressions), 0) + coalesce(sum(clicks), 0) + coalesce(sum(likes), 0) + coalesce(sum(comments), 0)
        + coalesce(sum(collects), 0) + coalesce(sum(follows), 0) + coalesce(sum(shares), 0) as quantity
    from {{ ref('stg_xiaohongshu__creative_report') }}
),

counted as (
    select coalesce(sum(quantity), 0) as quantity
    from {{ ref('fct_touchpoints') }}
    where channel = 'xiaohongshu'
)

select
    reported.quantity as reported_quantity,
    counted.quantity
from reported
cross join counted
where reported.quantity <> counted.quantity
