-- Grain: one lead; and one advertising figure of one day and adgroup, of which nobody's name is known.
with

reports as (select * from {{ ref('stg_tencent_ads__adgroup_report') }}),

figures as (
    {{ figures_of('reports', {'ad_impression': 'impressions', 'ad_click': 'clicks'}) }}
)

select
    record_id,
    'tencent_ads|' || account_id || '|' || cast(reported_on as text) || '|' || adgroup_id
    || '|' || touchpoint_type as touchpoint_key,
    cast(null as text) as account_key,
    touchpoint_type,
    'tencent_ads' as channel,
    cast(null as text) as placement,
    'tencent_ads|' || account_id || '|' || adgroup_id as campaign_key,
    cast(null as text) as content_key,
    cast(null as text) as product_key,
    cast(null as text) as staff_code,
    cast(null as text) as store_code,
    cast(null as text) as session_key,
    {{ start_of_day('reported_on') }} as occurred_at,
    quantity,
    'tencent_ads' as source
from figures

union all

select
    record_id,
    'tencent_ads|' || account_id || '|lead|' || lead_id as touchpoint_key,
    {{ account_key("'tencent_ads_lead'", 'account_id', 'lead_id') }} as account_key,
    'lead' as touchpoint_type,
    'tencent_ads' as channel,
    cast(null as text) as placement,
    'tencent_ads|' || account_id || '|' || adgroup_id as campaign_key,
    'tencent_ads|' || account_id || '|' || adgroup_id || '|' || creative_id as content_key,
    cast(null as text) as product_key,
    cast(null as text) as staff_code,
    cast(null as text) as store_code,
    cast(null as text) as session_key,
    coalesce(left_at, {{ start_of_day('first_landed_on') }}) as occurred_at,
    1 as quantity,
    'tencent_ads' as source
from {{ ref('stg_tencent_ads__leads') }}
