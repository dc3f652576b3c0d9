-- Grain: one row per invitation that was accepted.

with newest as (
    {{ newest_version(source('loyalty', 'loyalty__invitations')) }}
),

renamed as (
    select
        record_id,
        account as brand,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'invitation_id') }} as invitation_id,
        {{ json_text('payload', 'inviter_card') }} as inviter_card,
        {{ json_text('payload', 'invitee_card') }} as invitee_card,
        -- strings
        {{ json_text('payload', 'kind') }} as kind,
        -- timestamps
        {{ zoned_time(json_text('payload', 'accepted_at')) }} as accepted_at
    from newest
    where not is_deleted
)

select * from renamed
