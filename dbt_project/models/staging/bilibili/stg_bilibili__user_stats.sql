-- Grain: one row per account and night on which its figures changed.

with versions as (
    select
        account,
        version,
        landed_on,
        {{ as_jsonb('payload') }} as payload
    from {{ source('bilibili', 'bilibili__user_stats') }}
    where landed_on <= {{ business_date() }} and not is_deleted
),

renamed as (
    select
        account as account_id,
        landed_on,
        -- numerics
        {{ integer_number(json_text('payload', 'follower')) }} as followers,
        {{ integer_number(json_text('payload', 'following')) }} as followed_accounts,
        {{ integer_number(json_text('payload', 'arc_passed_total')) }} as published_videos,
        -- dates
        cast(version as date) as counted_on
    from versions
)

select * from renamed
