-- Grain: one row per receipt of a message, whatever the channel.

with newest as (
    {{ newest_version(source('callbacks', 'callbacks__receipts')) }}
),

renamed as (
    select
        account as brand,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'event_id') }} as event_id,
        coalesce(
            {{ json_text('payload', 'body', 'biz_id') }},
            {{ json_text('payload', 'body', 'sid') }},
            {{ json_text('payload', 'body', 'message_id') }},
            {{ json_text('payload', 'body', 'MsgID') }}
        ) as provider_id,
        coalesce(
            {{ json_text('payload', 'body', 'phone_number') }},
            {{ json_text('payload', 'body', 'mobile') }}
        ) as phone_token,
        {{ json_text('payload', 'body', 'address') }} as email_token,
        {{ json_text('payload', 'body', 'FromUserName') }} as openid,
        -- strings
        {{ json_text('payload', 'channel') }} as channel,
        coalesce(
            {{ json_text('payload', 'body', 'err_code') }},
            {{ json_text('payload', 'body', 'errmsg') }},
            {{ json_text('payload', 'body', 'code') }},
            {{ json_text('payload', 'body', 'Status') }}
        ) as provider_code,
        -- booleans
        coalesce(
            {{ json_text('payload', 'body', 'success') }} = 'true'
            or {{ json_text('payload', 'body', 'report_status') }} = 'SUCCESS'
            or {{ json_text('payload', 'body', 'event') }} = 'delivered'
            or {{ json_text('payload', 'body', 'Status') }} = 'success',
            false
        ) as is_delivered,
        -- timestamps
        {{ zoned_time(json_text('payload', 'received_at')) }} as received_at
    from newest
    where not is_deleted
)

select * from renamed
