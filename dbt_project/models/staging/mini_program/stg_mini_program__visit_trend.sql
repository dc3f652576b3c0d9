-- Grain: one row per appid and day.

with newest as (
    {{ newest_version(source('mini_program', 'mini_program__visit_trend')) }}
),

renamed as (
    select
        record_id,
        account as appid,
        landed_on,
        business_date as visited_on,
        -- numerics
        {{ integer_number(json_text('payload', 'session_cnt')) }} as sessions,
        {{ integer_number(json_text('payload', 'visit_pv')) }} as page_views,
        {{ integer_number(json_text('payload', 'visit_uv')) }} as visitors,
        {{ integer_number(json_text('payload', 'visit_uv_new')) }} as new_visitors,
        {{ number(json_text('payload', 'stay_time_uv')) }} as seconds_per_visitor,
        {{ number(json_text('payload', 'stay_time_session')) }} as seconds_per_session,
        {{ number(json_text('payload', 'visit_depth')) }} as pages_per_session
    from newest
    where not is_deleted
)

select * from renamed
