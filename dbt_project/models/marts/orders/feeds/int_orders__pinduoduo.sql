-- Grain: one paid order of a shop at Pinduoduo. The platform shows an order once the deal is struck, so a group that
-- never filled is not here; and it names no buyer.
select
    record_id,
    order_sn as order_no,
    cast(null as text) as account_type,
    cast(null as text) as scope,
    cast(null as text) as account_id,
    'pinduoduo' as channel,
    shop,
    store_number as store_code,
    cast(null as text) as staff_code,
    cast(null as text) as live_room_key,
    cast(null as text) as creator_key,
    province,
    city,
    pay_fen as gross_fen,
    true as is_paid,
    'pinduoduo|' || shop || '|' || order_sn as order_key,
    coalesce(paid_at, confirmed_at) as ordered_at,
    case when is_pick_up then 'pick_up' else 'shipped' end as fulfilment
from {{ ref('stg_pinduoduo__orders') }}
where coalesce(paid_at, confirmed_at) is not null
