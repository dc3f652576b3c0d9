-- Grain: one row per shop, order and gift of the newest version of the order.

with newest as (
    {{ newest_version(source('pinduoduo', 'pinduoduo__orders')) }}
),

numbered as (
    select
        newest.record_id,
        newest.account as shop,
        {{ json_text('newest.payload', 'order_sn') }} as order_sn,
        gift.value as payload,
        row_number() over (
            partition by newest.account, newest.record_key
            order by {{ json_text('gift.value', 'goods_id') }}, cast(gift.value as text)
        ) as gift_number
    from newest
    cross join lateral {{ json_elements('newest.payload', 'gift_list') }} as gift (value)
    where not newest.is_deleted
),

renamed as (
    select
        record_id,
        shop,
        order_sn,
        gift_number,
        -- ids
        {{ json_text('payload', 'goods_id') }} as goods_id,
        -- strings
        {{ json_text('payload', 'goods_name') }} as title,
        -- numerics
        {{ integer_number(json_text('payload', 'goods_count')) }} as quantity
    from numbered
)

select * from renamed
