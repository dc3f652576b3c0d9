-- Grain: one row per brand and member card, newest version.

with newest as (
    {{ newest_version(source('store', 'store__members')) }}
),

renamed as (
    select
        record_id,
        account as brand,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'member_card') }} as member_card,
        {{ json_text('payload', 'phone') }} as phone_token,
        {{ json_text('payload', 'tmall_ouid') }} as tmall_ouid,
        {{ json_text('payload', 'registered_store') }} as registered_store,
        -- strings
        {{ json_text('payload', 'name') }} as name_token,
        {{ json_text('payload', 'address') }} as address_token,
        -- A date that was none lands as a token; only --MMDD (RFC 6350) is a birthday.
        case
            when
                {{ json_text('payload', 'birthday') }} like '--%'
                and coalesce({{ json_text('payload', 'birthday_calendar') }}, 'solar') <> 'lunar'
                then substr({{ json_text('payload', 'birthday') }}, 3)
        end as birthday_mmdd,
        case
            when
                {{ json_text('payload', 'birthday') }} like '--%'
                and {{ json_text('payload', 'birthday_calendar') }} = 'lunar'
                then substr({{ json_text('payload', 'birthday') }}, 3)
        end as lunar_birthday_mmdd,
        {{ json_text('payload', 'consent_text_version') }} as consent_text_version,
        -- booleans
        case {{ json_text('payload', 'sms_consent') }} when 'Y' then true when 'N' then false end as has_sms_consent,
        -- timestamps
        {{ shanghai_time(json_text('payload', 'sms_consent_at')) }} as sms_consent_at,
        {{ shanghai_time(json_text('payload', 'registered_at')) }} as registered_at,
        {{ shanghai_time(json_text('payload', 'updated_at')) }} as updated_at
    from newest
    where not is_deleted
)

select * from renamed
