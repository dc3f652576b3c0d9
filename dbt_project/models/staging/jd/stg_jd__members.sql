-- Grain: one row per app and member (the token of the pin), newest version; who left stays with is_member = false.

with newest as (
    {{ newest_version(source('jd', 'jd__members')) }}
),

renamed as (
    select
        account as app,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'customer_pin') }} as pin_token,
        -- strings
        {{ json_text('payload', 'grade') }} as grade,
        -- numerics
        {{ integer_number(json_text('payload', 'trade_count')) }} as trade_count,
        {{ fen(json_text('payload', 'trade_amount')) }} as trade_fen,
        {{ integer_number(json_text('payload', 'close_trade_count')) }} as closed_trade_count,
        {{ fen(json_text('payload', 'close_trade_amount')) }} as closed_trade_fen,
        {{ integer_number(json_text('payload', 'item_num')) }} as items,
        -- booleans
        not is_deleted as is_member,
        -- timestamps
        {{ epoch_ms_time(json_text('payload', 'last_trade_time')) }} as last_trade_at
    from newest
)

select * from renamed
