-- What the platforms reported is in the touchpoints once, whatever it is split into.
with

reported as (
    select
        'xiaohongshu' as channel,
        coalesce(sum(impressions), 0) + coalesce(sum(clicks), 0) + coalesce(sum(likes), 0) + coalesce(sum(comments), 0)
        + coalesce(sum(collects), 0) + coalesce(sum(follows), 0) + coalesce(sum(shares), 0) as quantity
    from {{ ref('stg_xiaohongshu__creative_report') }}
    union all
    select
        'ocean_engine' as channel,
        coalesce(sum(impressions), 0) + coalesce(sum(clicks), 0) as quantity
    from {{ ref('stg_ocean_engine__promotion_report') }}
    union all
    select
        'tencent_ads' as channel,
        coalesce(sum(impressions), 0) + coalesce(sum(clicks), 0) as quantity
    from {{ ref('stg_tencent_ads__adgroup_report') }}
),

counted as (
    select
        channel,
        sum(quantity) as quantity
    from {{ ref('int_touchpoints_by_kind') }}
    where touchpoint_type like 'ad!_%' escape '!'
    group by channel
)

select
    reported.quantity as reported_quantity,
    counted.quantity,
    coalesce(reported.channel, counted.channel) as channel
from reported
full outer join counted on reported.channel = counted.channel
where coalesce(reported.quantity, 0) <> coalesce(counted.quantity, 0)
