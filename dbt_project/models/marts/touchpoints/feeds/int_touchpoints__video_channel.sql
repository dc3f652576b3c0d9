-- Grain: one lead; and one figure of one live session, of which nobody's name is known. Leads of a live session are
-- among the leads of their form and day: both lists would count them twice.
{% set shown = {
    'live_view': 'audience',
    'live_like': 'cheers',
    'live_comment': 'comments',
    'live_share': 'shares',
    'follow': 'new_followers',
} %}

with

leads as (
    select
        *,
        {{ account_key("'video_channel_lead'", 'appid', "component_id || '|' || phone_token") }} as account_key
    from {{ ref('stg_video_channel__leads') }}
),

lives as (select * from {{ ref('stg_video_channel__lives') }}),

figures as (
    {{ figures_of('lives', shown) }}
)

select
    record_id,
    'video_channel|' || account_key || '|' || cast(left_on as text) as touchpoint_key,
    account_key,
    'lead' as touchpoint_type,
    'video_channel' as channel,
    cast(null as text) as placement,
    cast(null as text) as campaign_key,
    'video_channel|' || component_id as content_key,
    cast(null as text) as product_key,
    cast(null as text) as staff_code,
    cast(null as text) as store_code,
    cast(null as text) as session_key,
    {{ start_of_day('left_on') }} as occurred_at,
    1 as quantity,
    'video_channel' as source
from leads

union all

select
    record_id,
    'video_channel|' || appid || '|' || export_id || '|' || touchpoint_type as touchpoint_key,
    cast(null as text) as account_key,
    touchpoint_type,
    'video_channel' as channel,
    cast(null as text) as placement,
    cast(null as text) as campaign_key,
    'video_channel|' || export_id as content_key,
    cast(null as text) as product_key,
    cast(null as text) as staff_code,
    cast(null as text) as store_code,
    cast(null as text) as session_key,
    started_at as occurred_at,
    quantity,
    'video_channel' as source
from figures
