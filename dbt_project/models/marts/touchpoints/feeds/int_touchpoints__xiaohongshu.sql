-- Grain: one advertising figure of one day, creative and placement, of which nobody's name is known.
{% set figures = {
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
    {% for touchpoint_type, figure in figures.items() %}
        select
            record_id,
            advertiser_id,
            reported_on,
            creativity_id,
            campaign_id,
            note_id,
            placement,
            '{{ touchpoint_type }}' as touchpoint_type,
            {{ figure }} as quantity
        from creatives
        where {{ figure }} > 0
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    record_id,
    'xiaohongshu|' || advertiser_id || '|' || cast(reported_on as text) || '|' || creativity_id || '|' || placement
    || '|' || touchpoint_type as touchpoint_key,
    cast(null as text) as account_type,
    cast(null as text) as scope,
    cast(null as text) as account_id,
    touchpoint_type,
    'xiaohongshu' as channel,
    placement,
    'xiaohongshu|' || advertiser_id || '|' || campaign_id as campaign_key,
    'xiaohongshu|' || note_id as content_key,
    cast(null as text) as product_key,
    cast(null as text) as staff_code,
    cast(null as text) as store_code,
    cast(null as text) as session_key,
    {{ start_of_day('reported_on') }} as occurred_at,
    quantity,
    'xiaohongshu' as source
from figures
