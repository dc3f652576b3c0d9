-- Grain: one row per advertiser and creative, newest version; what is gone from the list is kept.

with newest as (
    {{ newest_version(source('xiaohongshu', 'xiaohongshu__creatives')) }}
),

renamed as (
    select
        account as advertiser_id,
        is_deleted,
        landed_on,
        -- ids
        {{ json_text('payload', 'creativity_id') }} as creativity_id,
        {{ json_text('payload', 'unit_id') }} as unit_id,
        {{ json_text('payload', 'campaign_id') }} as campaign_id,
        {{ json_text('payload', 'note_id') }} as note_id,
        -- strings
        {{ json_text('payload', 'creativity_name') }} as creativity_name,
        {{ json_text('payload', 'creativity_filter_state') }} as state,
        -- booleans
        {{ json_text('payload', 'creativity_enable') }} = '1' as is_enabled,
        -- timestamps
        {{ shanghai_time(json_text('payload', 'creativity_create_time')) }} as created_at,
        {{ shanghai_time(json_text('payload', 'creativity_update_time')) }} as updated_at
    from newest
)

select * from renamed
