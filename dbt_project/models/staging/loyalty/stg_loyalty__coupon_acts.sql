-- Grain: one row per act on a coupon.

with newest as (
    {{ newest_version(source('loyalty', 'loyalty__coupons')) }}
),

renamed as (
    select
        record_id,
        account as brand,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'act_id') }} as act_id,
        {{ json_text('payload', 'coupon_id') }} as coupon_id,
        {{ json_text('payload', 'member_card') }} as member_card,
        {{ json_text('payload', 'order_no') }} as order_no,
        -- strings
        {{ json_text('payload', 'batch') }} as batch,
        {{ json_text('payload', 'act') }} as act,
        -- numerics
        {{ fen(json_text('payload', 'value_yuan')) }} as value_fen,
        -- timestamps
        {{ zoned_time(json_text('payload', 'acted_at')) }} as acted_at
    from newest
    where not is_deleted
)

select * from renamed
