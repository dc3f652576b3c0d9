-- Grain: one campaign: of an advertising platform, by the name that links, leads and placements bear, a placement with
-- a creator, or an entry of the calendar. A promotion or placement is a campaign within a campaign.
with

reports as (
    select
        *,
        row_number() over (
            partition by advertiser_id, project_id, promotion_id order by reported_on desc
        ) as promotion_age,
        row_number() over (
            partition by advertiser_id, project_id order by reported_on desc, promotion_id asc
        ) as project_age
    from {{ ref('stg_ocean_engine__promotion_report') }}
),

placements as (select * from {{ ref('stg_content_desk__placements') }}),

listed as (
    select
        'xiaohongshu|' || advertiser_id || '|' || campaign_id as campaign_key,
        'campaign' as kind,
        'xiaohongshu' as channel,
        campaign_name as title,
        cast(null as text) as parent_campaign_key,
        {{ shanghai_date('created_at') }} as starts_on,
        cast(null as date) as ends_on
    from {{ ref('stg_xiaohongshu__campaigns') }}
    union all
    select
        'ocean_engine|' || advertiser_id || '|' || project_id as campaign_key,
        'project' as kind,
        'ocean_engine' as channel,
        project_name as title,
        cast(null as text) as parent_campaign_key,
        cast(null as date) as starts_on,
        cast(null as date) as ends_on
    from reports
    where project_age = 1
    union all
    select
        'ocean_engine|' || advertiser_id || '|' || project_id || '|' || promotion_id as campaign_key,
        'promotion' as kind,
        'ocean_engine' as channel,
        promotion_name as title,
        'ocean_engine|' || advertiser_id || '|' || project_id as parent_campaign_key,
        cast(null as date) as starts_on,
        cast(null as date) as ends_on
    from reports
    where promotion_age = 1
    union all
    select
        'placement|' || brand || '|' || placement_id as campaign_key,
        'placement' as kind,
        platform as channel,
        creator_id as title,
        'campaign|' || campaign as parent_campaign_key,
        {{ shanghai_date('published_at') }} as starts_on,
        {{ shanghai_date('published_at') }} as ends_on
    from placements
    union all
    select
        'calendar|' || brand || '|' || entry_id as campaign_key,
        'calendar_' || kind as kind,
        cast(null as text) as channel,
        title,
        cast(null as text) as parent_campaign_key,
        starts_on,
        ends_on
    from {{ ref('stg_content_desk__calendar') }}
),

-- What links, leads, reports and placements name, whether a list has it or not.
named as (
    select campaign_key from {{ ref('int_touchpoints_by_campaign') }}
    union
    select campaign_key from {{ ref('fct_ad_spend') }}
    union
    select 'campaign|' || campaign as campaign_key from placements
),

unlisted as (
    select
        named.campaign_key,
        case
            when named.campaign_key like 'campaign|%' then 'named'
            when named.campaign_key like 'tencent!_ads|%' escape '!' then 'adgroup'
            when named.campaign_key like 'ocean!_engine|%' escape '!' then 'project'
            else 'campaign'
        end as kind,
        case
            when named.campaign_key like 'tencent!_ads|%' escape '!' then 'tencent_ads'
            when named.campaign_key like 'ocean!_engine|%' escape '!' then 'ocean_engine'
            when named.campaign_key like 'xiaohongshu|%' then 'xiaohongshu'
        end as channel,
        case when named.campaign_key like 'campaign|%' then substr(named.campaign_key, 10) end as title,
        cast(null as text) as parent_campaign_key,
        cast(null as date) as starts_on,
        cast(null as date) as ends_on
    from named
    left join listed on named.campaign_key = listed.campaign_key
    where
        named.campaign_key is not null
        and listed.campaign_key is null
),

dim_campaigns as (
    select * from listed
    union all
    select * from unlisted
)

select * from dim_campaigns
