-- Grain: one row per shop, customer and identity at WeChat (kind and openid), as of the last time it was asked for.

with newest as (
    {{ newest_version(source('youzan', 'youzan__users')) }}
),

identities as (
    select
        newest.account as kdt_id,
        newest.landed_on,
        newest.first_landed_on,
        {{ json_text('newest.payload', 'yz_open_id') }} as yz_open_id,
        {{ json_text('newest.payload', 'seen_at') }} as seen_at,
        at_wechat.value as payload
    from newest
    cross join lateral {{ json_elements('newest.payload', 'user_list') }} as at_wechat (value)
    where not newest.is_deleted
),

renamed as (
    select distinct
        kdt_id,
        landed_on,
        first_landed_on,
        -- ids
        yz_open_id,
        {{ json_text('payload', 'appid') }} as appid,
        {{ json_text('payload', 'platform_info', 'weixin_open_id') }} as openid,
        {{ json_text('payload', 'wechat_info', 'union_id') }} as unionid,
        -- strings
        {{ json_text('payload', 'wechat_info', 'wechat_type') }} as wechat_type,
        -- timestamps
        {{ shanghai_time('seen_at') }} as seen_at
    from identities
    where {{ json_text('payload', 'platform_info', 'weixin_open_id') }} is not null
)

select * from renamed
