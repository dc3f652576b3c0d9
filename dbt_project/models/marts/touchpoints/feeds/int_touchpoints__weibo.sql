-- Grain: one figure of one post and one night: by how much it grew.
{% set shown = {'content_like': 'new_likes', 'content_comment': 'new_comments', 'content_share': 'new_reposts'} %}

with

posts as (select * from {{ ref('stg_weibo__status_count_nights') }}),

figures as (
    {{ figures_of('posts', shown) }}
)

select
    record_id,
    cast(null as text) as account_key,
    touchpoint_type,
    'weibo' as channel,
    cast(null as text) as placement,
    cast(null as text) as campaign_key,
    cast(null as text) as product_key,
    cast(null as text) as staff_code,
    cast(null as text) as store_code,
    cast(null as text) as session_key,
    quantity,
    'weibo' as source,
    'weibo|' || account_id || '|' || post_id || '|' || cast(counted_on as text)
    || '|' || touchpoint_type as touchpoint_key,
    'weibo|' || post_id as content_key,
    {{ start_of_day('counted_on') }} as occurred_at
from figures
