-- Grain: one row per parcel, newest version.

with newest as (
    {{ newest_version(source('logistics', 'logistics__parcels')) }}
),

renamed as (
    select
        record_id,
        account as brand,
        landed_on,
        first_landed_on,
        -- ids
        {{ json_text('payload', 'waybill_no') }} as waybill_no,
        {{ json_text('payload', 'order_no') }} as order_no,
        -- strings
        {{ json_text('payload', 'order_source') }} as order_source,
        {{ json_text('payload', 'carrier') }} as carrier,
        {{ json_text('payload', 'status') }} as status,
        {{ json_text('payload', 'province') }} as province,
        {{ json_text('payload', 'city') }} as city,
        -- timestamps
        {{ zoned_time(json_text('payload', 'shipped_at')) }} as shipped_at,
        {{ zoned_time(json_text('payload', 'signed_at')) }} as signed_at,
        {{ zoned_time(json_text('payload', 'updated_at')) }} as updated_at
    from newest
    where not is_deleted
)

select * from renamed
