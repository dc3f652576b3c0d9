-- Grain: one figure of one day of the mini program as the platform counts it, of which nobody's name is known.
select
    record_id,
    'mini_program|' || appid || '|' || cast(visited_on as text) || '|visit' as touchpoint_key,
    cast(null as text) as account_key,
    'visit_counted' as touchpoint_type,
    'mini_program' as channel,
    cast(null as text) as placement,
    cast(null as text) as campaign_key,
    cast(null as text) as content_key,
    cast(null as text) as product_key,
    cast(null as text) as staff_code,
    cast(null as text) as store_code,
    cast(null as text) as session_key,
    {{ start_of_day('visited_on') }} as occurred_at,
    sessions as quantity,
    'mini_program' as source
from {{ ref('stg_mini_program__visit_trend') }}
where sessions > 0

union all

select
    record_id,
    'mini_program|' || appid || '|' || cast(visited_on as text) || '|share' as touchpoint_key,
    cast(null as text) as account_key,
    'share_counted' as touchpoint_type,
    'mini_program' as channel,
    cast(null as text) as placement,
    cast(null as text) as campaign_key,
    cast(null as text) as content_key,
    cast(null as text) as product_key,
    cast(null as text) as staff_code,
    cast(null as text) as store_code,
    cast(null as text) as session_key,
    {{ start_of_day('visited_on') }} as occurred_at,
    shares as quantity,
    'mini_program' as source
from {{ ref('stg_mini_program__summary') }}
where shares > 0
