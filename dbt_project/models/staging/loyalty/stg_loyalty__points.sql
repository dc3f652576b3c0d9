-- Grain: one row per entry of the points ledger.

with newest as (
    {{ newest_version(source('loyalty', 'loyalty__points')) }}
),

renamed as (
    select
        record_id,
        account as brand,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'entry_id') }} as entry_id,
        {{ json_text('payload', 'member_card') }} as member_card,
        {{ json_text('payload', 'order_no') }} as order_no,
        -- strings
        {{ json_text('payload', 'reason') }} as reason,
        -- numerics
        {{ integer_number(json_text('payload', 'delta')) }} as delta,
        {{ integer_number(json_text('payload', 'balance')) }} as balance,
        -- timestamps
        {{ zoned_time(json_text('payload', 'booked_at')) }} as booked_at
    from newest
    where not is_deleted
)

select * from renamed
