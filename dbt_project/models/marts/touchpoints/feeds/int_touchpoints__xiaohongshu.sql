-- Grain: one advertising figure of one day, creative and placement, of which nobody's name is known.
{% set shown = {
    'ad_impression': 'impressions',
    'ad_click': 'clicks',
    'ad_like': 'likes',
    'ad_comment': 'comments',
    'ad_collect': 'collects',
    'ad_follow': 'follows',
    'ad_share': 'shares',
} %}

with

creatives as (select * from {{ ref('stg_xiaohongshu__creative_report') }}),

figures as (
    {{ figures_of('creatives', shown) }}
)

select
    record_id,
    cast(null as text) as account_key,
    touchpoint_type,
    'xiaohongshu' as channel,
    placement,
    cast(null as text) as product_key,
    cast(null as text) as staff_code,
    cast(null as text) as store_code,
    cast(null as text) as session_key,
    quantity,
    'xiaohongshu' as source,
    'xiaohongshu|' || advertiser_id || '|' || cast(reported_on as text) || '|' || creativity_id || '|' || placement
    || '|' || touchpoint_type as touchpoint_key,
    'xiaohongshu|' || advertiser_id || '|' || campaign_id as campaign_key,
    'xiaohongshu|' || note_id as content_key,
    {{ start_of_day('reported_on') }} as occurred_at
from figures
