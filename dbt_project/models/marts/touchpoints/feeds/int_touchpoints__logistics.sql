-- Grain: one parcel that was signed for. Whoever ordered it got it, as far as a parcel says.
with

parcels as (select * from {{ ref('stg_logistics__parcels') }}),

orders as (
    select * from {{ ref('fct_orders') }}
    -- A till's numbers repeat from store to store; a platform's do not.
    where channel <> 'store'
)

select
    parcels.record_id,
    orders.account_key,
    'parcel_signed' as touchpoint_type,
    'logistics' as channel,
    cast(null as text) as placement,
    cast(null as text) as campaign_key,
    cast(null as text) as content_key,
    cast(null as text) as product_key,
    cast(null as text) as staff_code,
    cast(null as text) as store_code,
    cast(null as text) as session_key,
    parcels.signed_at as occurred_at,
    1 as quantity,
    'logistics' as source,
    'logistics|' || parcels.brand || '|' || parcels.waybill_no as touchpoint_key
from parcels
left join orders on parcels.order_source = orders.channel and parcels.order_no = orders.order_no
where parcels.signed_at is not null
