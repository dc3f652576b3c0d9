-- Grain: one figure of one note of a creator and one night: by how much it grew.
{% set shown = {
    'content_impression': 'new_unpaid_impressions',
    'content_view': 'new_unpaid_reads',
    'content_like': 'new_likes',
    'content_comment': 'new_comments',
    'content_collect': 'new_collects',
    'content_share': 'new_shares',
} %}

with

notes as (select * from {{ ref('stg_xiaohongshu_notes__note_nights') }}),

figures as (
    {{ figures_of('notes', shown) }}
)

select
    record_id,
    cast(null as text) as account_key,
    touchpoint_type,
    'xiaohongshu' as channel,
    cast(null as text) as placement,
    cast(null as text) as campaign_key,
    cast(null as text) as product_key,
    cast(null as text) as staff_code,
    cast(null as text) as store_code,
    cast(null as text) as session_key,
    quantity,
    'xiaohongshu_notes' as source,
    'xiaohongshu_notes|' || brand_user_id || '|' || note_id || '|' || cast(counted_on as text)
    || '|' || touchpoint_type as touchpoint_key,
    'xiaohongshu|' || note_id as content_key,
    {{ start_of_day('counted_on') }} as occurred_at
from figures
