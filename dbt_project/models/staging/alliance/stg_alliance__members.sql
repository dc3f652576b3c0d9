-- Grain: one row per contract and hash on the partner's list.

with newest as (
    {{ newest_version(source('alliance', 'alliance__members')) }}
),

renamed as (
    select
        record_id,
        account as brand,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'contract') }} as contract,
        {{ json_text('payload', 'phone_hash') }} as phone_hash_token,
        -- strings
        {{ json_text('payload', 'segment') }} as segment
    from newest
    where
        not is_deleted
        and {{ json_text('payload', 'is_listed') }} = 'true'
)

select * from renamed
