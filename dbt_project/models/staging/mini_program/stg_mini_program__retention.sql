-- Grain: one row per appid, day and number of days later.

with newest as (
    {{ newest_version(source('mini_program', 'mini_program__retention')) }}
),

returns as (
    select
        newest.account as appid,
        newest.landed_on,
        newest.business_date as visited_on,
        'visit_uv' as kind,
        item.value as payload
    from newest
    cross join lateral {{ json_elements('newest.payload', 'visit_uv') }} as item (value)
    where not newest.is_deleted
    union all
    select
        newest.account as appid,
        newest.landed_on,
        newest.business_date as visited_on,
        'visit_uv_new' as kind,
        item.value as payload
    from newest
    cross join lateral {{ json_elements('newest.payload', 'visit_uv_new') }} as item (value)
    where not newest.is_deleted
),

renamed as (
    select
        appid,
        landed_on,
        visited_on,
        kind,
        {{ integer_number(json_text('payload', 'key')) }} as days_later,
        {{ integer_number(json_text('payload', 'value')) }} as people
    from returns
),

retention as (
    select
        appid,
        visited_on,
        days_later,
        max(landed_on) as landed_on,
        max(case when kind = 'visit_uv' then people end) as visitors,
        max(case when kind = 'visit_uv_new' then people end) as new_visitors
    from renamed
    group by appid, visited_on, days_later
)

select * from retention
