-- Grain: one row per appid, day and source.

with newest as (
    {{ newest_version(source('official_account', 'official_account__user_summary')) }}
),

renamed as (
    select
        account as appid,
        landed_on,
        business_date as moved_on,
        -- numerics
        {{ integer_number(json_text('payload', 'user_source')) }} as user_source,
        {{ integer_number(json_text('payload', 'new_user')) }} as came,
        {{ integer_number(json_text('payload', 'cancel_user')) }} as went
    from newest
    where not is_deleted
)

select * from renamed
