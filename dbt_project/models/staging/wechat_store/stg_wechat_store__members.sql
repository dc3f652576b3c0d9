-- Grain: one row per appid and member (openid), newest version; who left stays with is_member = false.

with newest as (
    {{ newest_version(source('wechat_store', 'wechat_store__members')) }}
),

renamed as (
    select
        account as appid,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'openid') }} as openid,
        {{ json_text('payload', 'union_id') }} as unionid,
        {{ json_text('payload', 'user_info', 'phone_number') }} as phone_token,
        -- numerics
        {{ integer_number(json_text('payload', 'user_grade_info', 'grade')) }} as grade,
        {{ integer_number(json_text('payload', 'user_grade_info', 'experience_value')) }} as experience,
        -- booleans
        not is_deleted as is_member
    from newest
)

select * from renamed
