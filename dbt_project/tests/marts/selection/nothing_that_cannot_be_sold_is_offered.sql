-- Counted from the stock: what is offered lies somewhere, by the newest count of that place.
with

counts as (
    select
        product_key,
        available,
        row_number() over (partition by location_code, product_key order by counted_on desc, stock_key asc) as age
    from {{ ref('fct_inventory') }}
    where
        counted_on <= {{ business_date() }}
        and counted_on > {{ days_after(business_date(), -var('selection_stock_days')) }}
),

stock as (
    select
        coalesce(codes.product_key, counts.product_key) as product_key,
        sum(counts.available) as available
    from counts
    left join {{ ref('product_codes') }} as codes on counts.product_key = codes.code
    where counts.age = 1 and counts.available > 0
    group by coalesce(codes.product_key, counts.product_key)
)

select distinct selection.product_key
from {{ ref('mart_product_selection') }} as selection
left join stock on selection.product_key = stock.product_key
where coalesce(stock.available, 0) < {{ var('selection_available') }}
