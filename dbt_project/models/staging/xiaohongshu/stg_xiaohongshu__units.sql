-- Grain: one row per advertiser and unit, newest version; what is gone from the list is kept.

with newest as (
    {{ newest_version(source('xiaohongshu', 'xiaohongshu__units')) }}
),

renamed as (
    select
        account as advertiser_id,
        is_deleted,
        landed_on,
        -- ids
        {{ json_text('payload', 'id') }} as unit_id,
        {{ json_text('payload', 'campaign_id') }} as campaign_id,
        -- strings
        {{ json_text('payload', 'name') }} as unit_name,
        {{ json_text('payload', 'unit_filter_state') }} as state,
        -- numerics
        {{ integer_number(json_text('payload', 'event_bid')) }} as bid_fen,
        -- booleans
        {{ json_text('payload', 'enable') }} = '1' as is_enabled,
        -- timestamps
        {{ shanghai_time(json_text('payload', 'create_time')) }} as created_at,
        {{ shanghai_time(json_text('payload', 'update_time')) }} as updated_at
    from newest
)

select * from renamed
