-- Grain: one lead; and one advertising figure of one day and promotion, of which nobody's name is known.
with

reports as (select * from {{ ref('stg_ocean_engine__promotion_report') }}),

figures as (
    {{ figures_of('reports', {'ad_impression': 'impressions', 'ad_click': 'clicks'}) }}
)

select
    record_id,
    'ocean_engine|' || advertiser_id || '|' || cast(reported_on as text) || '|' || project_id || '|' || promotion_id
    || '|' || touchpoint_type as touchpoint_key,
    cast(null as text) as account_key,
    touchpoint_type,
    'ocean_engine' as channel,
    cast(null as text) as placement,
    'ocean_engine|' || advertiser_id || '|' || project_id as campaign_key,
    'ocean_engine|' || advertiser_id || '|' || project_id || '|' || promotion_id as content_key,
    cast(null as text) as product_key,
    cast(null as text) as staff_code,
    cast(null as text) as store_code,
    cast(null as text) as session_key,
    {{ start_of_day('reported_on') }} as occurred_at,
    quantity,
    'ocean_engine' as source
from figures

union all

select
    record_id,
    'ocean_engine|' || advertiser_id || '|lead|' || lead_id as touchpoint_key,
    {{ account_key("'ocean_engine_lead'", 'advertiser_id', 'lead_id') }} as account_key,
    'lead' as touchpoint_type,
    'ocean_engine' as channel,
    cast(null as text) as placement,
    'ocean_engine|' || advertiser_id || '|' || project_id as campaign_key,
    'ocean_engine|' || advertiser_id || '|' || project_id || '|' || promotion_id as content_key,
    cast(null as text) as product_key,
    cast(null as text) as staff_code,
    cast(null as text) as store_code,
    cast(null as text) as session_key,
    coalesce(left_at, {{ start_of_day('first_landed_on') }}) as occurred_at,
    1 as quantity,
    'ocean_engine' as source
from {{ ref('stg_ocean_engine__leads') }}
