-- Grain: one row per appid and day.

with newest as (
    {{ newest_version(source('official_account', 'official_account__user_cumulate')) }}
),

renamed as (
    select
        account as appid,
        landed_on,
        business_date as counted_on,
        -- numerics
        {{ integer_number(json_text('payload', 'cumulate_user')) }} as followers
    from newest
    where not is_deleted
)

select * from renamed
