-- Grain: one line that a till took back and that names what was bought.
{{ config(materialized='view') }}

select
    record_id,
    original_receipt_no,
    'store|' || store_code || '|' || receipt_no || '|' || line_no as refund_key
from {{ ref('int_receipt_lines__store') }}
where
    sell_way = 'B'
    and original_receipt_no is not null
