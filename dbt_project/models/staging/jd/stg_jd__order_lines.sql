-- Grain: one row per app, order and line of the newest version of the order; a sku may fill several lines.

with newest as (
    {{ newest_version(source('jd', 'jd__orders')) }}
),

numbered as (
    select
        newest.record_id,
        newest.account as app,
        {{ json_text('newest.payload', 'orderId') }} as order_id,
        line.value as payload,
        row_number() over (
            partition by newest.account, newest.record_key
            order by {{ json_text('line.value', 'skuId') }}, cast(line.value as text)
        ) as line_number
    from newest
    cross join lateral {{ json_elements('newest.payload', 'itemInfoList') }} as line (value)
    where not newest.is_deleted
),

renamed as (
    select
        record_id,
        app,
        order_id,
        line_number,
        -- ids
        {{ json_text('payload', 'skuId') }} as sku_id,
        {{ json_text('payload', 'wareId') }} as ware_id,
        {{ json_text('payload', 'outerSkuId') }} as outer_sku_id,
        -- strings
        {{ json_text('payload', 'skuName') }} as title,
        -- numerics
        {{ integer_number(json_text('payload', 'itemTotal')) }} as quantity,
        {{ fen(json_text('payload', 'jdPrice')) }} as price_fen
    from numbered
)

select * from renamed
