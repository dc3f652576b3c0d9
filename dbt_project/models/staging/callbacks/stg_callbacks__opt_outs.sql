-- Grain: one row per wish to get no more, whatever the channel.

with newest as (
    {{ newest_version(source('callbacks', 'callbacks__opt_outs')) }}
),

renamed as (
    select
        record_id,
        account as brand,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'event_id') }} as event_id,
        {{ json_text('payload', 'body', 'phone_number') }} as phone_token,
        {{ json_text('payload', 'body', 'address') }} as email_token,
        {{ json_text('payload', 'body', 'FromUserName') }} as openid,
        {{ json_text('payload', 'body', 'ExternalUserID') }} as external_userid,
        {{ json_text('payload', 'body', 'UserID') }} as staff_userid,
        -- strings
        {{ json_text('payload', 'channel') }} as channel,
        case {{ json_text('payload', 'channel') }}
            when 'official_account' then 'unfollowed'
            when 'wecom' then 'deleted_staff'
            when 'email' then 'unsubscribed'
            else 'replied'
        end as act,
        -- timestamps
        {{ zoned_time(json_text('payload', 'received_at')) }} as received_at
    from newest
    where not is_deleted
)

select * from renamed
