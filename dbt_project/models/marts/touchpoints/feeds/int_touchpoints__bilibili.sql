-- Grain: one figure of one video and one night: by how much it grew.
{% set shown = {
    'content_view': 'new_views',
    'content_like': 'new_likes',
    'content_comment': 'new_replies',
    'content_collect': 'new_favorites',
    'content_share': 'new_shares',
} %}

with

videos as (select * from {{ ref('stg_bilibili__archive_stats') }}),

figures as (
    {{ figures_of('videos', shown) }}
)

select
    record_id,
    cast(null as text) as account_key,
    touchpoint_type,
    'bilibili' as channel,
    cast(null as text) as placement,
    cast(null as text) as campaign_key,
    cast(null as text) as product_key,
    cast(null as text) as staff_code,
    cast(null as text) as store_code,
    cast(null as text) as session_key,
    quantity,
    'bilibili' as source,
    'bilibili|' || account_id || '|' || video_id || '|' || cast(counted_on as text)
    || '|' || touchpoint_type as touchpoint_key,
    'bilibili|' || video_id as content_key,
    {{ start_of_day('counted_on') }} as occurred_at
from figures
