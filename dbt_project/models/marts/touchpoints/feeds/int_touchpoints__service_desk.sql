-- Grain: one case: a ticket, a review or an answer to a survey.
select
    record_id,
    account_key,
    case_type as touchpoint_type,
    'service_desk' as channel,
    cast(null as text) as placement,
    cast(null as text) as campaign_key,
    cast(null as text) as content_key,
    product_key,
    cast(null as text) as staff_code,
    store_code,
    cast(null as text) as session_key,
    opened_at as occurred_at,
    1 as quantity,
    'service_desk' as source,
    'service_desk|' || case_key as touchpoint_key
from {{ ref('int_service_cases') }}
