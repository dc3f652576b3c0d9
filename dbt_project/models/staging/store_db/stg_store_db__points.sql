-- Grain: one row per brand and entry (flow_id) of the points ledger.

with newest as (
    {{ newest_version(source('store_db', 'store_db__points')) }}
),

renamed as (
    select
        record_id,
        account as brand,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'flow_id') }} as entry_id,
        {{ json_text('payload', 'card_id') }} as card_id,
        {{ json_text('payload', 'card_no') }} as member_card,
        {{ json_text('payload', 'branch_no') }} as store_code,
        {{ json_text('payload', 'flow_no') }} as receipt_no,
        -- strings
        {{ json_text('payload', 'oper_type') }} as oper_type,
        -- numerics
        case
            when {{ json_text('payload', 'oper_type') }} = '1'
                then -abs({{ number(json_text('payload', 'acc_num')) }})
            else {{ number(json_text('payload', 'acc_num')) }}
        end as points,
        {{ fen(json_text('payload', 'consum_amt')) }} as amount_fen,
        -- timestamps
        {{ shanghai_time(json_text('payload', 'ope_date')) }} as booked_at
    from newest
    where not is_deleted
)

select * from renamed
