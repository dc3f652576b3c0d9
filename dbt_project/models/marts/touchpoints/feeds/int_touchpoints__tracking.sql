-- Grain: one event of our own tracking in the mini program, the app or on the web site. An event or a platform that the
-- taxonomy does not name is kept as other.
with

events as (
    select
        *,
        case when platform in ('mini_program', 'app', 'web') then platform else 'other' end as channel,
        -- As identity's evidence names them.
        case when platform = 'mini_program' then 'mini_program_user' else 'app_user' end as account_type,
        case when platform = 'mini_program' then openid else user_id end as account_id
    from {{ ref('stg_tracking__events') }}
),

kinds as (
    select
        channel,
        touchpoint_type
    from {{ ref('touchpoint_kinds') }}
    where placement is null
)

select
    events.record_id,
    events.channel,
    cast(null as text) as placement,
    events.sku as product_key,
    cast(null as text) as staff_code,
    cast(null as text) as store_code,
    events.occurred_at,
    1 as quantity,
    'tracking' as source,
    'tracking|' || events.brand || '|' || events.event_id as touchpoint_key,
    {{ account_key('events.account_type', 'events.appid', 'events.account_id') }} as account_key,
    coalesce(kinds.touchpoint_type, 'other_event') as touchpoint_type,
    'campaign|' || events.utm_campaign as campaign_key,
    events.channel || '|' || events.page as content_key,
    events.appid || '|' || events.session_id as session_key
from events
left join kinds on events.channel = kinds.channel and events.event_name = kinds.touchpoint_type
