-- Grain: one row per entry of a calendar, newest version.

with newest as (
    {{ newest_version(source('content_desk', 'content_desk__calendar')) }}
),

renamed as (
    select
        account as brand,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'entry_id') }} as entry_id,
        -- strings
        {{ json_text('payload', 'kind') }} as kind,
        {{ json_text('payload', 'title') }} as title,
        -- dates
        cast({{ json_text('payload', 'starts_on') }} as date) as starts_on,
        cast({{ json_text('payload', 'ends_on') }} as date) as ends_on,
        -- timestamps
        {{ zoned_time(json_text('payload', 'updated_at')) }} as updated_at
    from newest
    where not is_deleted
)

select * from renamed
