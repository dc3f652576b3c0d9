-- Grain: one row per event.

with newest as (
    {{ newest_version(source('tracking', 'tracking__events')) }}
),

renamed as (
    select
        record_id,
        account as brand,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'event_id') }} as event_id,
        {{ json_text('payload', 'appid') }} as appid,
        {{ json_text('payload', 'device_id') }} as device_id,
        {{ json_text('payload', 'user_id') }} as user_id,
        {{ json_text('payload', 'openid') }} as openid,
        {{ json_text('payload', 'unionid') }} as unionid,
        {{ json_text('payload', 'phone_sha256') }} as phone_hash_token,
        {{ json_text('payload', 'session_id') }} as session_id,
        {{ json_text('payload', 'sku') }} as sku,
        {{ json_text('payload', 'properties', 'registration_id') }} as registration_id,
        {{ json_text('payload', 'properties', 'popup_id') }} as popup_id,
        -- strings
        {{ json_text('payload', 'event') }} as event_name,
        {{ json_text('payload', 'platform') }} as platform,
        {{ json_text('payload', 'page') }} as page,
        {{ json_text('payload', 'utm_source') }} as utm_source,
        {{ json_text('payload', 'utm_campaign') }} as utm_campaign,
        {{ json_text('payload', 'properties', 'push_provider') }} as push_provider,
        -- numerics
        {{ integer_number(json_text('payload', 'properties', 'duration_ms')) }} as duration_ms,
        {{ number(json_text('payload', 'properties', 'longitude')) }} as longitude,
        {{ number(json_text('payload', 'properties', 'latitude')) }} as latitude,
        -- timestamps
        {{ zoned_time(json_text('payload', 'occurred_at')) }} as occurred_at
    from newest
    where not is_deleted
)

select * from renamed
