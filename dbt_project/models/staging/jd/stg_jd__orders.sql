-- Grain: one row per app and order (orderId), newest version.

with newest as (
    {{ newest_version(source('jd', 'jd__orders')) }}
),

renamed as (
    select
        record_id,
        account as app,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'orderId') }} as order_id,
        nullif({{ json_text('payload', 'parentOrderId') }}, '0') as parent_order_id,
        {{ json_text('payload', 'venderId') }} as vender_id,
        {{ json_text('payload', 'open_id_buyer') }} as open_id_buyer,
        {{ json_text('payload', 'xid_buyer') }} as xid_buyer,
        {{ json_text('payload', 'pin') }} as pin_token,
        {{ json_text('payload', 'menDianId') }} as store_id,
        -- strings
        {{ json_text('payload', 'orderState') }} as state,
        {{ json_text('payload', 'orderType') }} as order_type,
        split_part({{ json_text('payload', 'payType') }}, '-', 1) as pay_type,
        -- numerics
        {{ fen(json_text('payload', 'orderTotalPrice')) }} as goods_fen,
        {{ fen(json_text('payload', 'sellerDiscount')) }} as seller_discount_fen,
        {{ fen(json_text('payload', 'orderSellerPrice')) }} as seller_price_fen,
        {{ fen(json_text('payload', 'freightPrice')) }} as freight_fen,
        {{ fen(json_text('payload', 'orderPayment')) }} as payment_fen,
        {{ fen(json_text('payload', 'balanceUsed')) }} as balance_used_fen,
        -- timestamps
        {{ jd_time(json_text('payload', 'orderStartTime')) }} as created_at,
        {{ jd_time(json_text('payload', 'paymentConfirmTime')) }} as paid_at,
        {{ jd_time(json_text('payload', 'orderEndTime')) }} as ended_at,
        {{ jd_time(json_text('payload', 'modified')) }} as modified_at
    from newest
    where not is_deleted
)

select * from renamed
