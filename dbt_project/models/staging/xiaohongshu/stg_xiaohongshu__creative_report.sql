-- Grain: one row per advertiser, day, creative and placement.

with newest as (
    {{ newest_version(source('xiaohongshu', 'xiaohongshu__creative_report')) }}
),

renamed as (
    select
        record_id,
        account as advertiser_id,
        landed_on,
        -- ids
        {{ json_text('payload', 'creativity_id') }} as creativity_id,
        {{ json_text('payload', 'campaign_id') }} as campaign_id,
        {{ json_text('payload', 'note_id') }} as note_id,
        -- strings
        {{ json_text('payload', 'placement') }} as placement,
        -- numerics
        {{ fen(json_text('payload', 'fee')) }} as fee_fen,
        {{ integer_number(json_text('payload', 'impression')) }} as impressions,
        {{ integer_number(json_text('payload', 'click')) }} as clicks,
        {{ integer_number(json_text('payload', 'like')) }} as likes,
        {{ integer_number(json_text('payload', 'comment')) }} as comments,
        {{ integer_number(json_text('payload', 'collect')) }} as collects,
        {{ integer_number(json_text('payload', 'follow')) }} as follows,
        {{ integer_number(json_text('payload', 'share')) }} as shares,
        {{ integer_number(json_text('payload', 'interaction')) }} as interactions,
        -- dates
        cast({{ json_text('payload', 'time') }} as date) as reported_on
    from newest
    where not is_deleted
)

select * from renamed
