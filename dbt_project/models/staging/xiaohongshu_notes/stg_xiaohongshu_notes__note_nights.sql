-- Grain: one row per brand account, note and night on which its figures changed; each with the growth since the time
-- before, without what advertising brought where the platform tells it apart.
{% set post = ['brand_user_id', 'note_id'] %}

with versions as (
    {{ nightly_versions(source('xiaohongshu_notes', 'xiaohongshu_notes__notes')) }}
),

renamed as (
    select
        record_id,
        account as brand_user_id,
        landed_on,
        -- ids
        {{ json_text('payload', 'note_id') }} as note_id,
        -- numerics
        {{ integer_number(json_text('payload', 'imp_num')) }}
        - coalesce({{ integer_number(json_text('payload', 'promotion_imp_num')) }}, 0) as unpaid_impressions,
        {{ integer_number(json_text('payload', 'read_num')) }}
        - coalesce({{ integer_number(json_text('payload', 'promotion_read_num')) }}, 0) as unpaid_reads,
        {{ integer_number(json_text('payload', 'like_num')) }} as likes,
        {{ integer_number(json_text('payload', 'fav_num')) }} as collects,
        {{ integer_number(json_text('payload', 'cmt_num')) }} as comments,
        {{ integer_number(json_text('payload', 'share_num')) }} as shares,
        -- dates
        counted_on
    from versions
),

note_nights as (
    select
        *,
        {{ growth('unpaid_impressions', post) }} as new_unpaid_impressions,
        {{ growth('unpaid_reads', post) }} as new_unpaid_reads,
        {{ growth('likes', post) }} as new_likes,
        {{ growth('collects', post) }} as new_collects,
        {{ growth('comments', post) }} as new_comments,
        {{ growth('shares', post) }} as new_shares
    from renamed
)

select * from note_nights
