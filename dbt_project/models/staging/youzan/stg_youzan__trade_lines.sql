-- Grain: one row per shop and line of the newest version of its trade.

with newest as (
    {{ newest_version(source('youzan', 'youzan__trades')) }}
),

lines as (
    select
        newest.record_id,
        newest.account as kdt_id,
        {{ json_text('newest.payload', 'order_info', 'tid') }} as tid,
        line.value as payload
    from newest
    cross join lateral {{ json_elements('newest.payload', 'orders') }} as line (value)
    where not newest.is_deleted
),

renamed as (
    select
        record_id,
        kdt_id,
        tid,
        -- ids
        {{ json_text('payload', 'oid') }} as oid,
        {{ json_text('payload', 'item_id') }} as item_id,
        {{ json_text('payload', 'sku_id') }} as sku_id,
        {{ json_text('payload', 'outer_item_id') }} as outer_item_id,
        {{ json_text('payload', 'outer_sku_id') }} as outer_sku_id,
        -- strings
        {{ json_text('payload', 'title') }} as title,
        -- numerics
        {{ integer_number(json_text('payload', 'num')) }} as quantity,
        {{ fen(json_text('payload', 'price')) }} as price_fen,
        {{ fen(json_text('payload', 'total_fee')) }} as total_fen,
        {{ fen(json_text('payload', 'payment')) }} as payment_fen
    from lines
)

select * from renamed
