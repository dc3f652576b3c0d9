-- Grain: one row per corp, broadcast, staff member and recipient (a customer or a group), newest status.

with newest as (
    {{ newest_version(source('wecom', 'wecom__broadcast_results')) }}
),

results as (
    select
        account as corp_id,
        landed_on,
        -- ids
        {{ json_text('payload', 'msgid') }} as msgid,
        {{ json_text('payload', 'userid') }} as staff_userid,
        {{ json_text('payload', 'recipient') }} as recipient,
        {{ json_text('payload', 'external_userid') }} as external_userid,
        {{ json_text('payload', 'chat_id') }} as chat_id,
        -- numerics
        {{ integer_number(json_text('payload', 'status')) }} as status,
        {{ integer_number(json_text('payload', 'task_status')) }} as task_status,
        -- timestamps
        {{ epoch_time(json_text('payload', 'send_time')) }} as sent_at
    from newest
    where not is_deleted
),

named as (
    select
        corp_id,
        landed_on,
        msgid,
        staff_userid,
        recipient,
        external_userid,
        chat_id,
        sent_at,
        task_status = 2 as is_confirmed,
        case status
            when 0 then 'waiting'
            when 1 then 'sent'
            when 2 then 'not_a_friend'
            when 3 then 'over_the_cap'
            else 'unknown'
        end as outcome
    from results
)

select * from named
