-- Grain: one row per corp, day and member of staff.

with newest as (
    {{ newest_version(source('wecom', 'wecom__behaviour')) }}
),

renamed as (
    select
        account as corp_id,
        landed_on,
        business_date as stat_on,
        -- ids
        {{ json_text('payload', 'userid') }} as staff_userid,
        -- numerics
        {{ integer_number(json_text('payload', 'chat_cnt')) }} as chats,
        {{ integer_number(json_text('payload', 'message_cnt')) }} as messages,
        {{ number(json_text('payload', 'reply_percentage')) }} as reply_percentage,
        {{ integer_number(json_text('payload', 'avg_reply_time')) }} as mean_reply_minutes,
        {{ integer_number(json_text('payload', 'negative_feedback_cnt')) }} as negative_feedbacks,
        {{ integer_number(json_text('payload', 'new_apply_cnt')) }} as new_requests,
        {{ integer_number(json_text('payload', 'new_contact_cnt')) }} as new_contacts
    from newest
    where not is_deleted
)

select * from renamed
