-- Grain: one entry of the loyalty system's ledger of points.
{{ config(materialized='view') }}

select
    record_id,
    'loyalty|' || brand || '|' || entry_id as entry_key,
    {{ account_key("'store_member'", 'brand', 'member_card') }} as account_key,
    reason,
    delta,
    balance,
    order_no,
    cast(null as text) as store_code,
    booked_at,
    'loyalty' as source
from {{ ref('stg_loyalty__points') }}
