-- Grain: one row per advertiser, day, project and promotion.

with newest as (
    {{ newest_version(source('ocean_engine', 'ocean_engine__promotion_report')) }}
),

renamed as (
    select
        record_id,
        account as advertiser_id,
        landed_on,
        -- ids
        {{ json_text('payload', 'dimensions', 'cdp_project_id') }} as project_id,
        {{ json_text('payload', 'dimensions', 'cdp_promotion_id') }} as promotion_id,
        -- strings
        {{ json_text('payload', 'dimensions', 'cdp_project_name') }} as project_name,
        {{ json_text('payload', 'dimensions', 'cdp_promotion_name') }} as promotion_name,
        -- numerics
        {{ fen(json_text('payload', 'metrics', 'stat_cost')) }} as cost_fen,
        {{ integer_number(json_text('payload', 'metrics', 'show_cnt')) }} as impressions,
        {{ integer_number(json_text('payload', 'metrics', 'click_cnt')) }} as clicks,
        {{ integer_number(json_text('payload', 'metrics', 'convert_cnt')) }} as conversions,
        -- dates
        cast(left({{ json_text('payload', 'dimensions', 'stat_time_day') }}, 10) as date) as reported_on
    from newest
    where not is_deleted
)

select * from renamed
