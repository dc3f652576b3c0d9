-- Grain: one row per shop, order and line of the newest version of the order; a sku may fill several lines.

with newest as (
    {{ newest_version(source('pinduoduo', 'pinduoduo__orders')) }}
),

numbered as (
    select
        newest.record_id,
        newest.account as shop,
        {{ json_text('newest.payload', 'order_sn') }} as order_sn,
        line.value as payload,
        row_number() over (
            partition by newest.account, newest.record_key
            order by {{ json_text('line.value', 'sku_id') }}, cast(line.value as text)
        ) as line_number
    from newest
    cross join lateral {{ json_elements('newest.payload', 'item_list') }} as line (value)
    where not newest.is_deleted
),

renamed as (
    select
        record_id,
        shop,
        order_sn,
        line_number,
        -- ids
        {{ json_text('payload', 'goods_id') }} as goods_id,
        {{ json_text('payload', 'sku_id') }} as sku_id,
        {{ json_text('payload', 'outer_id') }} as outer_sku_id,
        {{ json_text('payload', 'outer_goods_id') }} as outer_goods_id,
        -- strings
        {{ json_text('payload', 'goods_name') }} as title,
        {{ json_text('payload', 'goods_spec') }} as spec,
        -- numerics
        {{ integer_number(json_text('payload', 'goods_count')) }} as quantity,
        {{ fen(json_text('payload', 'goods_price')) }} as price_fen
    from numbered
)

select * from renamed
