-- Grain: one line of a JD order. What was taken off an article is in the discounts that name it; what was taken off the
-- whole order falls on its lines alike.
with

lines as (select * from {{ ref('stg_jd__order_lines') }}),

coupons as (
    select
        app,
        order_id,
        sku_id,
        sum(coupon_fen) as coupon_fen
    from {{ ref('stg_jd__order_coupons') }}
    where sku_id is not null
    group by app, order_id, sku_id
),

-- A sku may fill several lines, and its discounts do not say which: the first bears them.
numbered as (
    select
        *,
        row_number() over (partition by app, order_id, sku_id order by line_number) as line_of_sku
    from lines
)

select
    numbered.record_id,
    numbered.title,
    numbered.quantity,
    'jd|' || numbered.app || '|' || numbered.order_id || '|' || numbered.line_number as line_key,
    'jd|' || numbered.app || '|' || numbered.order_id as order_key,
    coalesce(numbered.outer_sku_id, 'jd|' || numbered.sku_id) as product_key,
    greatest(numbered.price_fen * numbered.quantity - coalesce(coupons.coupon_fen, 0), 0) as weight_fen
from numbered
left join coupons
    on
        numbered.app = coupons.app
        and numbered.order_id = coupons.order_id
        and numbered.sku_id = coupons.sku_id
        and numbered.line_of_sku = 1
