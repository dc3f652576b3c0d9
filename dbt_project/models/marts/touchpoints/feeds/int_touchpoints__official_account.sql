-- Grain: one follow of one follower; and one figure of one day of what was read, shared, kept and written, of which
-- nobody's name is known. An unfollowed account keeps no date; it did follow once, but nobody knows when.
{% set shown = {'content_view': 'readings', 'content_share': 'shares', 'content_collect': 'favourites'} %}

with

followers as (select * from {{ ref('stg_official_account__followers') }}),

readings as (
    select
        *,
        -- Where the article was opened, in the platform's numbers.
        case user_source
            when 0 then 'chat'
            when 1 then 'friends'
            when 2 then 'moments'
            when 4 then 'history'
            when 6 then 'top_stories'
            when 7 then 'search'
            else 'other'
        end as place
    from {{ ref('stg_official_account__user_read_sources') }}
),

figures as (
    {{ figures_of('readings', shown) }}
),

written as (select * from {{ ref('stg_official_account__upstream_messages') }})

select
    record_id,
    'official_account|' || appid || '|' || openid as touchpoint_key,
    {{ account_key("'official_account_follower'", 'appid', 'openid') }} as account_key,
    'follow' as touchpoint_type,
    'official_account' as channel,
    cast(null as text) as placement,
    cast(null as text) as campaign_key,
    cast(null as text) as content_key,
    cast(null as text) as product_key,
    cast(null as text) as staff_code,
    cast(null as text) as store_code,
    cast(null as text) as session_key,
    subscribed_at as occurred_at,
    1 as quantity,
    'official_account' as source
from followers
where subscribed_at is not null

union all

select
    record_id,
    'official_account|' || appid || '|' || cast(read_on as text) || '|' || cast(user_source as text)
    || '|' || touchpoint_type as touchpoint_key,
    cast(null as text) as account_key,
    touchpoint_type,
    'official_account' as channel,
    case when touchpoint_type = 'content_view' then place end as placement,
    cast(null as text) as campaign_key,
    cast(null as text) as content_key,
    cast(null as text) as product_key,
    cast(null as text) as staff_code,
    cast(null as text) as store_code,
    cast(null as text) as session_key,
    {{ start_of_day('read_on') }} as occurred_at,
    quantity,
    'official_account' as source
from figures

union all

select
    record_id,
    'official_account|' || appid || '|' || cast(written_on as text)
    || '|message|' || cast(message_type as text) as touchpoint_key,
    cast(null as text) as account_key,
    'message_written' as touchpoint_type,
    'official_account' as channel,
    cast(null as text) as placement,
    cast(null as text) as campaign_key,
    cast(null as text) as content_key,
    cast(null as text) as product_key,
    cast(null as text) as staff_code,
    cast(null as text) as store_code,
    cast(null as text) as session_key,
    {{ start_of_day('written_on') }} as occurred_at,
    messages as quantity,
    'official_account' as source
from written
where messages > 0
