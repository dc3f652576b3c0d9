-- Grain: one row per shop and trade line (oid) of the newest version of its trade.

with newest as (
    {{ newest_version(source('tmall', 'tmall__trades'), source('tmall_push', 'tmall_push__trades')) }}
),

lines as (
    select
        newest.record_id,
        newest.account as shop,
        {{ json_text('newest.payload', 'tid') }} as tid,
        line.value as payload
    from newest
    cross join lateral {{ json_elements('newest.payload', 'orders', 'order') }} as line (value)
    where not newest.is_deleted
),

renamed as (
    select
        record_id,
        shop,
        tid,
        -- ids
        {{ json_text('payload', 'oid') }} as oid,
        {{ json_text('payload', 'sku_id') }} as sku_id,
        {{ json_text('payload', 'outer_sku_id') }} as outer_sku_id,
        -- strings
        {{ json_text('payload', 'title') }} as title,
        {{ json_text('payload', 'refund_status') }} as refund_status,
        -- numerics
        {{ integer_number(json_text('payload', 'num')) }} as quantity,
        {{ fen(json_text('payload', 'divide_order_fee')) }} as divide_order_fee_fen
    from lines
)

select * from renamed
