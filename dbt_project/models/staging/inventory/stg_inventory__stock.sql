-- Grain: one row per day, location and article.

with newest as (
    {{ newest_version(source('inventory', 'inventory__stock')) }}
),

renamed as (
    select
        record_id,
        account as brand,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'location') }} as location_code,
        {{ json_text('payload', 'sku') }} as sku,
        -- strings
        {{ json_text('payload', 'location_kind') }} as location_kind,
        -- numerics
        {{ integer_number(json_text('payload', 'on_hand')) }} as on_hand,
        {{ integer_number(json_text('payload', 'reserved')) }} as reserved,
        {{ integer_number(json_text('payload', 'in_transit')) }} as in_transit,
        -- dates
        cast({{ json_text('payload', 'counted_on') }} as date) as counted_on
    from newest
    where not is_deleted
)

select * from renamed
