-- Grain: one row per corp and customer group, newest version; dismissed groups are kept.

with newest as (
    {{ newest_version(source('wecom', 'wecom__groups')) }}
),

renamed as (
    select
        record_id,
        account as corp_id,
        is_deleted,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'chat_id') }} as chat_id,
        {{ json_text('payload', 'owner') }} as owner_userid,
        -- strings
        {{ json_text('payload', 'name') }} as group_name,
        {{ json_text('payload', 'notice') }} as notice_token,
        -- numerics
        {{ integer_number(json_text('payload', 'status')) }} as status,
        -- timestamps
        {{ epoch_time(json_text('payload', 'create_time')) }} as created_at
    from newest
)

select * from renamed
