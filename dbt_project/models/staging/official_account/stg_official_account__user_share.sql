-- Grain: one row per appid, day and scene.

with newest as (
    {{ newest_version(source('official_account', 'official_account__user_share')) }}
),

renamed as (
    select
        account as appid,
        landed_on,
        business_date as shared_on,
        -- numerics
        {{ integer_number(json_text('payload', 'share_scene')) }} as share_scene,
        {{ integer_number(json_text('payload', 'share_user')) }} as sharers,
        {{ integer_number(json_text('payload', 'share_count')) }} as shares
    from newest
    where not is_deleted
)

select * from renamed
