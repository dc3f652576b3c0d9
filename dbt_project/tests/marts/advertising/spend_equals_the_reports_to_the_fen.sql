-- And the fees of the placements that were published.
with

told as (
    select
        reported_on as spent_on,
        'xiaohongshu' as channel,
        fee_fen as cost_fen
    from {{ ref('stg_xiaohongshu__creative_report') }}
    union all
    select
        reported_on as spent_on,
        'ocean_engine' as channel,
        cost_fen
    from {{ ref('stg_ocean_engine__promotion_report') }}
    union all
    select
        reported_on as spent_on,
        'tencent_ads' as channel,
        cost_fen
    from {{ ref('stg_tencent_ads__adgroup_report') }}
    union all
    select
        {{ shanghai_date('published_at') }} as spent_on,
        platform as channel,
        fee_fen as cost_fen
    from {{ ref('stg_content_desk__placements') }}
    where status = 'published' and published_at is not null
),

told_by_day as (
    select
        spent_on,
        channel,
        coalesce(sum(cost_fen), 0) as cost_fen
    from told
    group by spent_on, channel
),

spent_by_day as (
    select
        spent_on,
        channel,
        sum(cost_fen) as cost_fen
    from {{ ref('fct_ad_spend') }}
    group by spent_on, channel
)

select
    coalesce(told_by_day.spent_on, spent_by_day.spent_on) as spent_on,
    coalesce(told_by_day.channel, spent_by_day.channel) as channel
from told_by_day
full outer join spent_by_day
    on
        told_by_day.spent_on = spent_by_day.spent_on
        and told_by_day.channel = spent_by_day.channel
where told_by_day.cost_fen is distinct from spent_by_day.cost_fen
