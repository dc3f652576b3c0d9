-- Grain: one paid JD order.
select
    record_id,
    order_key,
    order_id as order_no,
    'jd_buyer' as account_type,
    app as scope,
    open_id_buyer as account_id,
    'jd' as channel,
    vender_id as shop,
    counted_at as ordered_at,
    store_id as store_code,
    cast(null as text) as staff_code,
    cast(null as text) as live_room_key,
    cast(null as text) as creator_key,
    cast(null as text) as province,
    cast(null as text) as city,
    payment_fen as gross_fen,
    true as is_paid,
    case when pay_type = '3' then 'pick_up' else 'shipped' end as fulfilment
from {{ ref('int_paid_orders__jd') }}
