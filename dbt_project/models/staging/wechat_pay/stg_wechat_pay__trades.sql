-- Grain: one row per merchant and line of a bill: a payment, its revocation or a refund of it.

with newest as (
    {{ newest_version(source('wechat_pay', 'wechat_pay__trades')) }}
),

renamed as (
    select
        account as mchid,
        landed_on,
        first_landed_on,
        business_date as billed_on,
        -- ids
        {{ json_text('payload', 'transaction_id') }} as transaction_id,
        {{ json_text('payload', 'out_trade_no') }} as out_trade_no,
        nullif({{ json_text('payload', 'refund_id') }}, '0') as refund_id,
        nullif({{ json_text('payload', 'out_refund_no') }}, '0') as out_refund_no,
        {{ json_text('payload', 'appid') }} as appid,
        {{ json_text('payload', 'openid') }} as openid,
        nullif({{ json_text('payload', 'sub_mchid') }}, '0') as sub_mchid,
        {{ json_text('payload', 'device_info') }} as device,
        -- strings
        {{ json_text('payload', 'trade_type') }} as trade_type,
        {{ json_text('payload', 'trade_state') }} as trade_state,
        {{ json_text('payload', 'bank_type') }} as bank_type,
        {{ json_text('payload', 'currency') }} as currency,
        {{ json_text('payload', 'refund_type') }} as refund_type,
        {{ json_text('payload', 'refund_status') }} as refund_status,
        {{ json_text('payload', 'body') }} as body,
        -- numerics
        {{ fen(json_text('payload', 'total_fee')) }} as order_fen,
        {{ fen(json_text('payload', 'settlement_total_fee')) }} as paid_fen,
        {{ fen(json_text('payload', 'coupon_fee')) }} as coupon_fen,
        {{ fen(json_text('payload', 'refund_fee')) }} as refund_fen,
        {{ number(json_text('payload', 'commission_fee')) }} as commission_yuan,
        -- timestamps
        {{ shanghai_time(json_text('payload', 'trade_time')) }} as traded_at
    from newest
    where not is_deleted
)

select * from renamed
