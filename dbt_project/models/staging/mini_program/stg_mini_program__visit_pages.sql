-- Grain: one row per appid, day and page.

with newest as (
    {{ newest_version(source('mini_program', 'mini_program__visit_pages')) }}
),

renamed as (
    select
        account as appid,
        landed_on,
        business_date as visited_on,
        -- strings
        {{ json_text('payload', 'page_path') }} as page_path,
        -- numerics
        {{ integer_number(json_text('payload', 'page_visit_pv')) }} as page_views,
        {{ integer_number(json_text('payload', 'page_visit_uv')) }} as visitors,
        {{ number(json_text('payload', 'page_staytime_pv')) }} as seconds_per_view,
        {{ integer_number(json_text('payload', 'entrypage_pv')) }} as entries,
        {{ integer_number(json_text('payload', 'exitpage_pv')) }} as exits,
        {{ integer_number(json_text('payload', 'page_share_pv')) }} as shares,
        {{ integer_number(json_text('payload', 'page_share_uv')) }} as sharers
    from newest
    where not is_deleted
)

select * from renamed
