-- Grain: one row per appid, day, index and key.

with newest as (
    {{ newest_version(source('mini_program', 'mini_program__visit_distribution')) }}
),

renamed as (
    select
        account as appid,
        landed_on,
        business_date as visited_on,
        -- strings
        {{ json_text('payload', 'index') }} as index_name,
        -- numerics
        {{ integer_number(json_text('payload', 'key')) }} as bucket,
        {{ integer_number(json_text('payload', 'value')) }} as sessions
    from newest
    where not is_deleted
)

select * from renamed
