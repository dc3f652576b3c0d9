-- Grain: one article and another one that was bought together with it at least once.
with

pairs as (select * from {{ ref('int_product_pairs') }}),

told as (
    select
        pairs.product_key,
        pairs.other_key,
        pairs.orders_count,
        articles.orders_count as product_orders,
        partners.orders_count as other_orders,
        everything.orders_count as all_orders
    from pairs
    inner join pairs as articles
        on pairs.product_key = articles.product_key and articles.product_key = articles.other_key
    inner join pairs as partners
        on pairs.other_key = partners.product_key and partners.product_key = partners.other_key
    inner join pairs as everything on everything.product_key = '*'
    where pairs.product_key <> pairs.other_key
),

measured as (
    select
        *,
        round(cast(orders_count as numeric) / all_orders, 6) as support_rate,
        round(cast(orders_count as numeric) / product_orders, 6) as confidence,
        round(cast(orders_count as numeric) * all_orders / (cast(product_orders as numeric) * other_orders), 6) as lift
    from told
),

fct_product_pairs as (
    select
        product_key,
        other_key,
        orders_count,
        product_orders,
        other_orders,
        all_orders,
        support_rate,
        confidence,
        lift,
        orders_count >= {{ var('selection_pair_orders') }} and lift > 1 as is_used
    from measured
)

select * from fct_product_pairs
