-- Grain: one row per app, order and discount of the newest version of the order.

with newest as (
    {{ newest_version(source('jd', 'jd__orders')) }}
),

numbered as (
    select
        newest.account as app,
        {{ json_text('newest.payload', 'orderId') }} as order_id,
        coupon.value as payload,
        row_number() over (
            partition by newest.account, newest.record_key
            order by {{ json_text('coupon.value', 'skuId') }}, cast(coupon.value as text)
        ) as coupon_number
    from newest
    cross join lateral {{ json_elements('newest.payload', 'couponDetailList') }} as coupon (value)
    where not newest.is_deleted
),

renamed as (
    select
        app,
        order_id,
        coupon_number,
        -- ids
        {{ json_text('payload', 'skuId') }} as sku_id,
        -- strings
        split_part({{ json_text('payload', 'couponType') }}, '-', 1) as coupon_type,
        -- numerics
        {{ fen(json_text('payload', 'couponPrice')) }} as coupon_fen
    from numbered
)

select * from renamed
