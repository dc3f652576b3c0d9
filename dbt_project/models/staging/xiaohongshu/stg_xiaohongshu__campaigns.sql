-- Grain: one row per advertiser and campaign, newest version; what is gone from the list is kept.

with newest as (
    {{ newest_version(source('xiaohongshu', 'xiaohongshu__campaigns')) }}
),

renamed as (
    select
        account as advertiser_id,
        is_deleted,
        landed_on,
        -- ids
        {{ json_text('payload', 'campaign_id') }} as campaign_id,
        -- strings
        {{ json_text('payload', 'campaign_name') }} as campaign_name,
        {{ json_text('payload', 'campaign_filter_state') }} as state,
        -- numerics
        {{ integer_number(json_text('payload', 'campaign_day_budget')) }} as day_budget_fen,
        -- booleans
        {{ json_text('payload', 'campaign_enable') }} = '1' as is_enabled,
        -- timestamps
        {{ shanghai_time(json_text('payload', 'campaign_create_time')) }} as created_at,
        {{ shanghai_time(json_text('payload', 'campaign_update_time')) }} as updated_at
    from newest
)

select * from renamed
