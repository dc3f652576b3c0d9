-- Grain: one row per account, video and day, as last read.

with newest as (
    {{ newest_version(source('douyin_content', 'douyin_content__item_days')) }}
),

renamed as (
    select
        record_id,
        account as open_id,
        -- ids
        {{ json_text('payload', 'item_id') }} as item_id,
        -- numerics
        {{ integer_number(json_text('payload', 'play')) }} as plays,
        {{ integer_number(json_text('payload', 'like')) }} as likes,
        {{ integer_number(json_text('payload', 'comment')) }} as comments,
        {{ integer_number(json_text('payload', 'share')) }} as shares,
        -- dates
        cast({{ json_text('payload', 'date') }} as date) as figures_on
    from newest
    where not is_deleted
)

select * from renamed
