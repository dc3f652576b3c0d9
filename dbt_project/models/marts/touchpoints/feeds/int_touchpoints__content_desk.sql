-- Grain: one figure of one day and post of the content team, of which nobody's name is known.
{% set shown = {
    'content_view': 'reads',
    'content_like': 'likes',
    'content_comment': 'comments',
    'content_share': 'shares',
} %}

with

posts as (select * from {{ ref('stg_content_desk__posts') }}),

figures as (
    {{ figures_of('posts', shown) }}
)

select
    record_id,
    cast(null as text) as account_key,
    touchpoint_type,
    cast(null as text) as placement,
    cast(null as text) as campaign_key,
    cast(null as text) as product_key,
    cast(null as text) as staff_code,
    cast(null as text) as store_code,
    cast(null as text) as session_key,
    quantity,
    'content_desk' as source,
    'content_desk|' || brand || '|' || platform || '|' || post_id || '|' || cast(on_day as text)
    || '|' || touchpoint_type as touchpoint_key,
    case when platform in ('zhihu', 'toutiao') then platform else 'other' end as channel,
    platform || '|' || post_id as content_key,
    {{ start_of_day('on_day') }} as occurred_at
from figures
