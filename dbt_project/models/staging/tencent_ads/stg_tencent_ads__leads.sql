-- Grain: one row per account and lead, newest version.

with newest as (
    {{ newest_version(source('tencent_ads', 'tencent_ads__leads')) }}
),

renamed as (
    select
        record_id,
        account as account_id,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'leads_id') }} as lead_id,
        {{ json_text('payload', 'adgroup_id') }} as adgroup_id,
        {{ json_text('payload', 'dynamic_creative_id') }} as creative_id,
        {{ json_text('payload', 'click_id') }} as click_id,
        -- strings
        {{ json_text('payload', 'leads_name') }} as name_token,
        {{ json_text('payload', 'leads_telephone') }} as phone_token,
        {{ json_text('payload', 'leads_wechat') }} as wechat_token,
        {{ json_text('payload', 'leads_email') }} as email_token,
        {{ json_text('payload', 'telephone_location') }} as phone_region,
        {{ json_text('payload', 'leads_type') }} as lead_type,
        {{ json_text('payload', 'leads_follow_tag') }} as state,
        -- timestamps
        {{ shanghai_time(json_text('payload', 'leads_action_time')) }} as left_at,
        {{ shanghai_time(json_text('payload', 'leads_create_time')) }} as filed_at
    from newest
    where not is_deleted
)

select * from renamed
