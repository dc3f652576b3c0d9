-- Grain: one row per review.

with newest as (
    {{ newest_version(source('service_desk', 'service_desk__reviews')) }}
),

renamed as (
    select
        record_id,
        account as brand,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'review_id') }} as review_id,
        {{ json_text('payload', 'order_no') }} as order_no,
        {{ json_text('payload', 'sku') }} as sku,
        {{ json_text('payload', 'body') }} as body_token,
        -- strings
        {{ json_text('payload', 'platform') }} as platform,
        -- numerics
        {{ integer_number(json_text('payload', 'stars')) }} as stars,
        -- timestamps
        {{ zoned_time(json_text('payload', 'reviewed_at')) }} as reviewed_at
    from newest
    where not is_deleted
)

select * from renamed
