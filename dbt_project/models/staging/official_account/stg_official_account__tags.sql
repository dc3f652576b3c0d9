-- Grain: one row per appid and tag.

with newest as (
    {{ newest_version(source('official_account', 'official_account__tags')) }}
),

renamed as (
    select
        account as appid,
        landed_on,
        -- ids
        {{ integer_number(json_text('payload', 'id')) }} as tag_id,
        -- strings
        {{ json_text('payload', 'name') }} as tag_name,
        -- numerics
        {{ integer_number(json_text('payload', 'count')) }} as followers
    from newest
    where not is_deleted
)

select * from renamed
