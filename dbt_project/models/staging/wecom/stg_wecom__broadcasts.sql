-- Grain: one row per corp and broadcast.

with newest as (
    {{ newest_version(source('wecom', 'wecom__broadcasts')) }}
),

renamed as (
    select
        account as corp_id,
        landed_on,
        -- ids
        {{ json_text('payload', 'msgid') }} as msgid,
        {{ json_text('payload', 'creator') }} as creator_userid,
        -- strings
        {{ json_text('payload', 'chat_type') }} as chat_type,
        {{ json_text('payload', 'text', 'content') }} as content_token,
        -- booleans
        {{ integer_number(json_text('payload', 'create_type')) }} = 1 as is_personal,
        -- timestamps
        {{ epoch_time(json_text('payload', 'create_time')) }} as created_at
    from newest
    where not is_deleted
)

select * from renamed
