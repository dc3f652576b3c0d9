-- Grain: one paid trade of a mall at Youzan that is a sale. What a till of a store rang up (offline) is told by the
-- tills, and counts here only where no till is read. A gift costs nothing; a gift card is money that pays later trades;
-- a purchase from suppliers is the shop's own.
with

trades as (
    select
        *,
        is_offline_order or coalesce(type, '0') = '61' as is_of_a_till
    from {{ ref('stg_youzan__trades') }}
)

select
    record_id,
    tid as order_no,
    'youzan_customer' as account_type,
    kdt_id as scope,
    yz_open_id as account_id,
    'youzan' as channel,
    kdt_id as shop,
    paid_at as ordered_at,
    cast(null as text) as store_code,
    cast(null as text) as staff_code,
    cast(null as text) as live_room_key,
    cast(null as text) as creator_key,
    province,
    city,
    payment_fen as gross_fen,
    true as is_paid,
    'youzan|' || kdt_id || '|' || tid as order_key,
    case
        when is_of_a_till then 'store'
        when express_type = '1' then 'pick_up'
        else 'shipped'
    end as fulfilment
from trades
where
    paid_at is not null
    and coalesce(type, '0') not in ('3', '4', '7', '8', '81')
    and (not is_of_a_till or {{ var('orders_youzan_tills') | lower }})
