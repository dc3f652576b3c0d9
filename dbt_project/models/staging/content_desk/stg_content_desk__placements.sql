-- Grain: one row per placement, newest version.

with newest as (
    {{ newest_version(source('content_desk', 'content_desk__placements')) }}
),

renamed as (
    select
        account as brand,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'placement_id') }} as placement_id,
        {{ json_text('payload', 'creator_id') }} as creator_id,
        -- strings
        {{ json_text('payload', 'creator_kind') }} as creator_kind,
        {{ json_text('payload', 'platform') }} as platform,
        {{ json_text('payload', 'campaign') }} as campaign,
        {{ json_text('payload', 'status') }} as status,
        -- numerics
        {{ fen(json_text('payload', 'fee_yuan')) }} as fee_fen,
        -- timestamps
        {{ zoned_time(json_text('payload', 'published_at')) }} as published_at,
        {{ zoned_time(json_text('payload', 'updated_at')) }} as updated_at
    from newest
    where not is_deleted
)

select * from renamed
