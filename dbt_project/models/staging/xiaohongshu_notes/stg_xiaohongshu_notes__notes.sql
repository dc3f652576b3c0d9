-- Grain: one row per brand account and note, newest version: its figures since publication.

with newest as (
    {{ newest_version(source('xiaohongshu_notes', 'xiaohongshu_notes__notes')) }}
),

renamed as (
    select
        account as brand_user_id,
        landed_on,
        -- ids
        {{ json_text('payload', 'note_id') }} as note_id,
        {{ json_text('payload', 'kol_id') }} as creator_id,
        {{ json_text('payload', 'order_id') }} as order_id,
        -- strings
        {{ json_text('payload', 'note_title') }} as title,
        {{ json_text('payload', 'spu_name') }} as product_name,
        -- numerics
        {{ integer_number(json_text('payload', 'kol_fan_num')) }} as creator_fans,
        {{ integer_number(json_text('payload', 'imp_num')) }} as impressions,
        {{ integer_number(json_text('payload', 'promotion_imp_num')) }} as paid_impressions,
        {{ integer_number(json_text('payload', 'read_num')) }} as note_reads,
        {{ integer_number(json_text('payload', 'promotion_read_num')) }} as paid_reads,
        {{ integer_number(json_text('payload', 'like_num')) }} as likes,
        {{ integer_number(json_text('payload', 'fav_num')) }} as collects,
        {{ integer_number(json_text('payload', 'cmt_num')) }} as comments,
        {{ integer_number(json_text('payload', 'share_num')) }} as shares,
        {{ integer_number(json_text('payload', 'engage_num')) }} as interactions,
        -- dates
        cast(left({{ json_text('payload', 'note_publish_time') }}, 10) as date) as published_on,
        cast(version as date) as counted_on
    from newest
)

select * from renamed
