-- Grain: one Tmall trade that waits to be paid. A presale (step) is paid in two parts on days that the shop sets, and
-- what is free (nopaid) never.
select
    tid as order_no,
    'tmall_buyer' as account_type,
    shop as scope,
    buyer_open_uid as account_id,
    'tmall' as channel,
    shop,
    created_at as placed_at,
    payment_fen as due_fen,
    'tmall|' || shop || '|' || tid as order_key
from {{ ref('stg_tmall__trades') }}
where
    status in ('TRADE_NO_CREATE_PAY', 'WAIT_BUYER_PAY')
    and paid_at is null
    and coalesce(type, '') not in ('step', 'nopaid')
