-- Grain: one trade of a mall at Youzan that waits to be paid, of the kinds that are a sale (int_orders__youzan).
select
    tid as order_no,
    'youzan_customer' as account_type,
    kdt_id as scope,
    yz_open_id as account_id,
    'youzan' as channel,
    kdt_id as shop,
    created_at as placed_at,
    payment_fen as due_fen,
    'youzan|' || kdt_id || '|' || tid as order_key
from {{ ref('stg_youzan__trades') }}
where
    status = 'WAIT_BUYER_PAY'
    and paid_at is null
    and not is_offline_order
    and coalesce(type, '0') not in ('3', '4', '7', '8', '61', '81')
