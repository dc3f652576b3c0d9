-- Grain: one row per appid and openid, newest version; who left stays with is_subscribed = false.

with newest as (
    {{ newest_version(source('official_account', 'official_account__followers')) }}
),

versions as (
    select
        account,
        record_key,
        {{ as_jsonb('payload') }} as payload
    from {{ source('official_account', 'official_account__followers') }}
    where landed_on <= {{ business_date() }}
),

-- subscribe_time moves when somebody follows again; identity needs the first one.
first_times as (
    select
        account,
        record_key,
        min({{ epoch_time(json_text('payload', 'subscribe_time')) }}) as first_subscribed_at
    from versions
    group by account, record_key
),

renamed as (
    select
        newest.record_id,
        newest.account as appid,
        newest.landed_on,
        newest.first_landed_on,
        -- ids
        {{ json_text('newest.payload', 'openid') }} as openid,
        {{ json_text('newest.payload', 'unionid') }} as unionid,
        -- strings
        {{ json_text('newest.payload', 'subscribe_scene') }} as subscribe_scene,
        {{ json_text('newest.payload', 'qr_scene') }} as qr_scene,
        -- booleans
        coalesce(
            not newest.is_deleted
            and {{ json_text('newest.payload', 'subscribe') }} = '1',
            false
        ) as is_subscribed,
        -- timestamps
        {{ epoch_time(json_text('newest.payload', 'subscribe_time')) }} as subscribed_at,
        first_times.first_subscribed_at
    from newest
    inner join first_times
        on newest.account = first_times.account and newest.record_key = first_times.record_key
)

select * from renamed
