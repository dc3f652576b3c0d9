-- Grain: one row per appid and day.

with newest as (
    {{ newest_version(source('mini_program', 'mini_program__summary')) }}
),

renamed as (
    select
        record_id,
        account as appid,
        landed_on,
        business_date as visited_on,
        -- numerics
        {{ integer_number(json_text('payload', 'visit_total')) }} as users_ever,
        {{ integer_number(json_text('payload', 'share_pv')) }} as shares,
        {{ integer_number(json_text('payload', 'share_uv')) }} as sharers
    from newest
    where not is_deleted
)

select * from renamed
