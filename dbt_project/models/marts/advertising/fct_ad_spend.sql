-- Grain: one day, channel, campaign and content that money was spent on; a creator's fee is spent on the day of
-- publication. What a platform does not report is empty and not 0.
with

xiaohongshu as (
    select
        reported_on as spent_on,
        'xiaohongshu' as channel,
        'xiaohongshu|' || advertiser_id || '|' || campaign_id as campaign_key,
        'xiaohongshu|' || note_id as content_key,
        fee_fen as cost_fen,
        impressions,
        clicks,
        cast(null as bigint) as conversions
    from {{ ref('stg_xiaohongshu__creative_report') }}
),

ocean_engine as (
    select
        reported_on as spent_on,
        'ocean_engine' as channel,
        'ocean_engine|' || advertiser_id || '|' || project_id as campaign_key,
        'ocean_engine|' || advertiser_id || '|' || project_id || '|' || promotion_id as content_key,
        cost_fen,
        impressions,
        clicks,
        conversions
    from {{ ref('stg_ocean_engine__promotion_report') }}
),

tencent_ads as (
    select
        reported_on as spent_on,
        'tencent_ads' as channel,
        'tencent_ads|' || account_id || '|' || adgroup_id as campaign_key,
        cast(null as text) as content_key,
        cost_fen,
        impressions,
        clicks,
        conversions
    from {{ ref('stg_tencent_ads__adgroup_report') }}
),

-- A placement that is planned or was called off has cost nothing yet.
placements as (
    select
        {{ shanghai_date('published_at') }} as spent_on,
        platform as channel,
        'campaign|' || campaign as campaign_key,
        'placement|' || brand || '|' || placement_id as content_key,
        fee_fen as cost_fen,
        cast(null as bigint) as impressions,
        cast(null as bigint) as clicks,
        cast(null as bigint) as conversions
    from {{ ref('stg_content_desk__placements') }}
    where status = 'published' and published_at is not null
),

spend as (
    select * from xiaohongshu
    union all
    select * from ocean_engine
    union all
    select * from tencent_ads
    union all
    select * from placements
),

fct_ad_spend as (
    select
        spent_on,
        channel,
        campaign_key,
        content_key,
        cast(coalesce(sum(cost_fen), 0) as bigint) as cost_fen,
        cast(sum(impressions) as bigint) as impressions,
        cast(sum(clicks) as bigint) as clicks,
        cast(sum(conversions) as bigint) as conversions,
        cast(spent_on as text) || '|' || channel
        || '|' || coalesce(campaign_key, '') || '|' || coalesce(content_key, '') as spend_key
    from spend
    group by spent_on, channel, campaign_key, content_key
)

select * from fct_ad_spend
