-- Grain: one row per appid, day and type of message.

with newest as (
    {{ newest_version(source('official_account', 'official_account__upstream_messages')) }}
),

renamed as (
    select
        record_id,
        account as appid,
        landed_on,
        business_date as written_on,
        -- numerics
        {{ integer_number(json_text('payload', 'msg_type')) }} as message_type,
        {{ integer_number(json_text('payload', 'msg_user')) }} as writers,
        {{ integer_number(json_text('payload', 'msg_count')) }} as messages
    from newest
    where not is_deleted
)

select * from renamed
