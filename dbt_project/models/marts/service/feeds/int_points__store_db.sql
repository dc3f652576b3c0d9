-- Grain: one entry of the tills' ledger of points.
{{ config(materialized='view') }}

select
    record_id,
    'store_db|' || brand || '|' || entry_id as entry_key,
    {{ account_key("'store_member'", 'brand', 'member_card') }} as account_key,
    case when points < 0 then 'deducted' else 'earned' end as reason,
    points as delta,
    cast(null as numeric) as balance,
    receipt_no as order_no,
    store_code,
    booked_at,
    'store_db' as source
from {{ ref('stg_store_db__points') }}
