-- Grain: one row per advertiser and lead, newest version.

with newest as (
    {{ newest_version(source('ocean_engine', 'ocean_engine__leads')) }}
),

renamed as (
    select
        record_id,
        account as advertiser_id,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'clue_id') }} as lead_id,
        {{ json_text('payload', 'project_id') }} as project_id,
        {{ json_text('payload', 'promotion_id') }} as promotion_id,
        {{ json_text('payload', 'req_id') }} as req_id,
        -- strings
        {{ json_text('payload', 'name') }} as name_token,
        {{ json_text('payload', 'telephone') }} as phone_token,
        {{ json_text('payload', 'weixin') }} as wechat_token,
        {{ json_text('payload', 'email') }} as email_token,
        {{ json_text('payload', 'module_name') }} as form_name,
        {{ json_text('payload', 'province_name') }} as province,
        {{ json_text('payload', 'city_name') }} as city,
        {{ json_text('payload', 'clue_state') }} as state,
        {{ json_text('payload', 'convert_status') }} as convert_status,
        -- timestamps
        {{ shanghai_time(json_text('payload', 'create_time_detail')) }} as left_at
    from newest
    where not is_deleted
)

select * from renamed
