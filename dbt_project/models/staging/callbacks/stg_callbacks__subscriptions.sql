-- Grain: one row per event and template of a subscription message: accepted, rejected, sent, failed.

with newest as (
    {{ newest_version(source('callbacks', 'callbacks__subscriptions')) }}
),

renamed as (
    select distinct
        newest.account as brand,
        newest.landed_on,
        newest.first_landed_on,
        -- ids
        {{ json_text('newest.payload', 'event_id') }} as event_id,
        {{ json_text('newest.payload', 'body', 'FromUserName') }} as openid,
        {{ json_text('said.value', 'TemplateId') }} as template_id,
        -- strings
        case
            when
                {{ json_text('newest.payload', 'body', 'Event') }} = 'subscribe_msg_sent_event'
                and {{ json_text('said.value', 'ErrorCode') }} = '0'
                then 'sent'
            when {{ json_text('newest.payload', 'body', 'Event') }} = 'subscribe_msg_sent_event' then 'failed'
            when {{ json_text('said.value', 'SubscribeStatusString') }} = 'accept' then 'accepted'
            else 'rejected'
        end as act,
        -- timestamps
        {{ zoned_time(json_text('newest.payload', 'received_at')) }} as received_at
    from newest
    cross join lateral {{ json_elements('newest.payload', 'body', 'List') }} as said (value)
    where not newest.is_deleted
)

select * from renamed
