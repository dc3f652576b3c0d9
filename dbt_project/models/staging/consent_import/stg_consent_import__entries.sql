-- Grain: one row per consent that was given or taken back elsewhere.

with newest as (
    {{ newest_version(source('consent_import', 'consent_import__entries')) }}
),

read as (
    select
        account as brand,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'entry_id') }} as entry_id,
        {{ json_text('payload', 'account_type') }} as account_type,
        {{ json_text('payload', 'scope') }} as scope,
        {{ json_text('payload', 'account_id') }} as account_id,
        {{ json_text('payload', 'phone') }} as phone_token,
        {{ json_text('payload', 'email') }} as email_token,
        -- strings
        {{ json_text('payload', 'act') }} as act,
        {{ json_text('payload', 'text_version') }} as text_version,
        -- booleans
        {{ json_text('payload', 'is_granted') }} = 'true' as is_granted,
        -- timestamps
        {{ zoned_time(json_text('payload', 'decided_at')) }} as decided_at
    from newest
    where not is_deleted
),

-- Whoever is not named by an account is named by a phone, else by a mail address.
renamed as (
    select
        brand,
        landed_on,
        first_landed_on,
        entry_id,
        phone_token,
        email_token,
        act,
        text_version,
        is_granted,
        decided_at,
        case
            when account_id is not null then account_type
            when phone_token is not null then 'phone'
            else 'email'
        end as account_type,
        case when account_id is not null then coalesce(scope, brand) else 'global' end as scope,
        coalesce(account_id, phone_token, email_token) as account_id
    from read
)

select * from renamed
