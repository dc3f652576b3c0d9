-- Grain: one row per account, day and adgroup.

with newest as (
    {{ newest_version(source('tencent_ads', 'tencent_ads__adgroup_report')) }}
),

renamed as (
    select
        record_id,
        account as account_id,
        landed_on,
        -- ids
        {{ json_text('payload', 'adgroup_id') }} as adgroup_id,
        -- numerics
        {{ integer_number(json_text('payload', 'cost')) }} as cost_fen,
        {{ integer_number(json_text('payload', 'view_count')) }} as impressions,
        {{ integer_number(json_text('payload', 'valid_click_count')) }} as clicks,
        {{ integer_number(json_text('payload', 'conversions_count')) }} as conversions,
        -- dates
        cast({{ json_text('payload', 'date') }} as date) as reported_on
    from newest
    where not is_deleted
)

select * from renamed
