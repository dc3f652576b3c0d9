-- Grain: one paid Tmall trade.
select
    record_id,
    tid as order_no,
    'tmall_buyer' as account_type,
    shop as scope,
    buyer_open_uid as account_id,
    'tmall' as channel,
    shop,
    paid_at as ordered_at,
    retail_store_code as store_code,
    cast(null as text) as staff_code,
    cast(null as text) as live_room_key,
    cast(null as text) as creator_key,
    receiver_state as province,
    receiver_city as city,
    'shipped' as fulfilment,
    payment_fen as gross_fen,
    true as is_paid,
    'tmall|' || shop || '|' || tid as order_key
from {{ ref('stg_tmall__trades') }}
where paid_at is not null
