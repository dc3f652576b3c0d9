-- A platform that cancels a paid order gives the money back, by a refund that it shows or without one.
with

cancelled as (
    select 'jd|' || orders.app || '|' || orders.order_id as order_key
    from {{ ref('stg_jd__orders') }} as orders
    left join {{ ref('stg_jd__after_sales') }} as after_sales
        on
            orders.app = after_sales.app
            and orders.order_id = after_sales.order_id
    where
        orders.state = 'TRADE_CANCELED'
        and after_sales.order_id is null
    union all
    select 'wechat_store|' || orders.appid || '|' || orders.order_id as order_key
    from {{ ref('stg_wechat_store__orders') }} as orders
    left join {{ ref('stg_wechat_store__after_sales') }} as after_sales
        on
            orders.appid = after_sales.appid
            and orders.order_id = after_sales.order_id
    where
        orders.status = '190'
        and after_sales.order_id is null
)

select orders.order_key
from {{ ref('fct_orders') }} as orders
inner join cancelled on orders.order_key = cancelled.order_key
where orders.net_fen <> 0
