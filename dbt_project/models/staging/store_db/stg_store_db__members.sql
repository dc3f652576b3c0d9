-- Grain: one row per brand and card (card_id), as the tills know it now.

with newest as (
    {{ newest_version(source('store_db', 'store_db__members')) }}
),

renamed as (
    select
        account as brand,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'card_id') }} as card_id,
        {{ json_text('payload', 'card_no') }} as member_card,
        {{ json_text('payload', 'mobile') }} as phone_token,
        {{ json_text('payload', 'vip_tel') }} as other_phone_token,
        {{ json_text('payload', 'vip_email') }} as email_token,
        {{ json_text('payload', 'branch_no') }} as registered_store,
        -- strings
        {{ json_text('payload', 'vip_name') }} as name_token,
        {{ json_text('payload', 'vip_sex') }} as sex,
        -- A date that was none lands as a token; only --MMDD (RFC 6350) is a birthday.
        case
            when {{ json_text('payload', 'birthday') }} like '--%'
                then substr({{ json_text('payload', 'birthday') }}, 3)
        end as birthday_mmdd,
        {{ json_text('payload', 'card_type') }} as card_type,
        {{ json_text('payload', 'card_status') }} as card_status,
        -- numerics
        {{ number(json_text('payload', 'acc_num')) }} as points_earned,
        {{ number(json_text('payload', 'now_acc_num')) }} as points_balance,
        -- timestamps
        {{ shanghai_time(json_text('payload', 'vip_start_date')) }} as registered_at,
        {{ shanghai_time(json_text('payload', 'vip_end_date')) }} as expires_at,
        {{ shanghai_time(json_text('payload', 'modify_date')) }} as updated_at
    from newest
    where not is_deleted
)

select * from renamed
