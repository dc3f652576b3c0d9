-- Grain: one figure of one day of one video, or of the account itself, of which nobody's name is known.
{% set shown = {
    'content_view': 'plays',
    'content_like': 'likes',
    'content_comment': 'comments',
    'content_share': 'shares',
} %}

with

videos as (select * from {{ ref('stg_douyin_content__item_days') }}),

accounts as (select * from {{ ref('stg_douyin_content__user_days') }}),

video_figures as (
    {{ figures_of('videos', shown) }}
),

account_figures as (
    {{ figures_of('accounts', {'follow': 'new_fans', 'profile_visit': 'profile_visitors'}) }}
)

select
    record_id,
    'douyin_content|' || open_id || '|' || item_id || '|' || cast(figures_on as text)
    || '|' || touchpoint_type as touchpoint_key,
    cast(null as text) as account_key,
    touchpoint_type,
    'douyin' as channel,
    cast(null as text) as placement,
    cast(null as text) as campaign_key,
    'douyin|' || item_id as content_key,
    cast(null as text) as product_key,
    cast(null as text) as staff_code,
    cast(null as text) as store_code,
    cast(null as text) as session_key,
    {{ start_of_day('figures_on') }} as occurred_at,
    quantity,
    'douyin_content' as source
from video_figures

union all

select
    record_id,
    'douyin_content|' || open_id || '|' || cast(figures_on as text) || '|' || touchpoint_type as touchpoint_key,
    cast(null as text) as account_key,
    touchpoint_type,
    'douyin' as channel,
    cast(null as text) as placement,
    cast(null as text) as campaign_key,
    cast(null as text) as content_key,
    cast(null as text) as product_key,
    cast(null as text) as staff_code,
    cast(null as text) as store_code,
    cast(null as text) as session_key,
    {{ start_of_day('figures_on') }} as occurred_at,
    quantity,
    'douyin_content' as source
from account_figures
