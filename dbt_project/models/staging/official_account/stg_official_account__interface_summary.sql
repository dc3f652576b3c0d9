-- Grain: one row per appid and day.

with newest as (
    {{ newest_version(source('official_account', 'official_account__interface_summary')) }}
),

renamed as (
    select
        account as appid,
        landed_on,
        business_date as called_on,
        -- numerics
        {{ integer_number(json_text('payload', 'callback_count')) }} as callbacks,
        {{ integer_number(json_text('payload', 'fail_count')) }} as failures,
        {{ integer_number(json_text('payload', 'total_time_cost')) }} as total_ms,
        {{ integer_number(json_text('payload', 'max_time_cost')) }} as slowest_ms
    from newest
    where not is_deleted
)

select * from renamed
