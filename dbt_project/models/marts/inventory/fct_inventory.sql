-- Grain: one day, location and product, as counted in the evening.
{{ config(materialized='kept', key='record_id', scope='int_changed__records', indexes=[
    {'columns': ['record_id']},
]) }}

with

stock as (
    select * from {{ ref('stg_inventory__stock') }}
    {{ where_changed('record_id', ref('int_changed__records')) }}
),

fct_inventory as (
    select
        counted_on,
        location_code,
        location_kind,
        sku as product_key,
        cast(on_hand as bigint) as on_hand,
        cast(reserved as bigint) as reserved,
        cast(in_transit as bigint) as in_transit,
        record_id,
        cast(on_hand - coalesce(reserved, 0) as bigint) as available,
        brand || '|' || cast(counted_on as text) || '|' || location_code || '|' || sku as stock_key,
        case when location_kind = 'store' then location_code end as store_code
    from stock
)

select * from fct_inventory
