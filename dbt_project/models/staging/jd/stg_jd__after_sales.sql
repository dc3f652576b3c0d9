-- Grain: one row per app and refund (afsRefundId) of an approved after-sale, as the newest load says.

with newest as (
    {{ newest_version(source('jd', 'jd__after_sales')) }}
),

renamed as (
    select
        record_id,
        account as app,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'afsRefundId') }} as refund_id,
        {{ json_text('payload', 'sameOrderServiceBill', 'serviceId') }} as service_id,
        {{ json_text('payload', 'sameOrderServiceBill', 'orderId') }} as order_id,
        {{ json_text('payload', 'sameOrderServiceBill', 'wareId') }} as ware_id,
        {{ json_text('payload', 'sameOrderServiceBill', 'customerPin') }} as pin_token,
        -- strings
        {{ json_text('payload', 'status') }} as status,
        {{ json_text('payload', 'sameOrderServiceBill', 'wareName') }} as title,
        -- numerics
        {{ jd_refund_fen(json_text('payload', 'refoundAmount')) }} as refund_fen,
        -- booleans
        coalesce({{ json_text('payload', 'status') }} = '13', false) as is_refunded,
        -- timestamps
        {{ epoch_ms_time(json_text('payload', 'sameOrderServiceBill', 'afsApplyTime')) }} as applied_at,
        {{ epoch_ms_time(json_text('payload', 'sameOrderServiceBill', 'approveDate')) }} as approved_at,
        {{ epoch_ms_time(json_text('payload', 'completeTime')) }} as completed_at
    from newest
    where not is_deleted
)

select * from renamed
