-- Grain: one row per ticket, newest version.

with newest as (
    {{ newest_version(source('service_desk', 'service_desk__tickets')) }}
),

renamed as (
    select
        record_id,
        account as brand,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'ticket_id') }} as ticket_id,
        {{ json_text('payload', 'member_card') }} as member_card,
        {{ json_text('payload', 'order_no') }} as order_no,
        {{ json_text('payload', 'agent_id') }} as agent_id,
        {{ json_text('payload', 'phone') }} as phone_token,
        -- strings
        {{ json_text('payload', 'channel') }} as channel,
        {{ json_text('payload', 'status') }} as status,
        {{ json_text('payload', 'topic') }} as topic,
        -- numerics
        {{ integer_number(json_text('payload', 'satisfaction')) }} as satisfaction,
        -- timestamps
        {{ zoned_time(json_text('payload', 'opened_at')) }} as opened_at,
        {{ zoned_time(json_text('payload', 'updated_at')) }} as updated_at
    from newest
    where not is_deleted
)

select * from renamed
