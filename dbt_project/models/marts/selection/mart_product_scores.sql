-- Grain: one article, how well it sells tonight and whether it can be offered.
{% set sold_since = days_after(business_date(), 1 - var('selection_sold_days')) %}
{% set counted_since = days_after(business_date(), 1 - var('selection_stock_days')) %}

with

products as (select * from {{ ref('dim_products') }}),

days as (
    select * from {{ ref('int_product_days') }}
    where sold_on between {{ sold_since }} and {{ business_date() }}
),

inventory as (
    select * from {{ ref('fct_inventory') }}
    where counted_on between {{ counted_since }} and {{ business_date() }}
),

codes as (select * from {{ ref('product_codes') }}),

sold as (
    select
        product_key,
        sum(quantity) as quantity
    from days
    where sales_count > 0
    group by product_key
),

-- The newest count of each place speaks.
counted as (
    select
        inventory.location_kind,
        inventory.available,
        coalesce(codes.product_key, inventory.product_key) as product_key,
        row_number() over (
            partition by inventory.location_code, inventory.product_key
            order by inventory.counted_on desc, inventory.stock_key asc
        ) as age
    from inventory
    left join codes on inventory.product_key = codes.code
),

stock as (
    select
        product_key,
        sum(case when location_kind = 'store' then available else 0 end) as available_in_stores,
        sum(case when location_kind = 'store' then 0 else available end) as available_online
    from counted
    where age = 1 and available > 0
    group by product_key
),

stocked as (
    select
        products.product_key,
        products.title,
        products.category,
        products.category_interval_days,
        cast(coalesce(stock.available_online, 0) as bigint) as available_online,
        cast(coalesce(stock.available_in_stores, 0) as bigint) as available_in_stores,
        coalesce(sold.quantity, 0) as sold_lately
    from products
    left join sold on products.product_key = sold.product_key
    left join stock on products.product_key = stock.product_key
),

scored as (
    select
        *,
        cast(
            coalesce(round(1000 * sold_lately / nullif(max(sold_lately) over (partition by category), 0)), 0) as integer
        ) as score,
        category not in {{ sql_list(var('selection_excluded_categories')) }}
        and available_online + available_in_stores >= {{ var('selection_available') }} as is_offered
    from stocked
),

mart_product_scores as (
    select
        product_key,
        title,
        category,
        category_interval_days,
        sold_lately,
        available_online,
        available_in_stores,
        score,
        is_offered,
        case
            when is_offered
                then row_number() over (partition by category, is_offered order by score desc, product_key asc)
        end as rank_in_category
    from scored
)

select * from mart_product_scores
