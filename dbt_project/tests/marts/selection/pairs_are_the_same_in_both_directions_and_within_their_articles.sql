-- No pair is in more orders than either of its articles, and none in more than there are, counted from the lines.
with

pairs as (select * from {{ ref('fct_product_pairs') }}),

articles as (
    select distinct
        order_key,
        product_key
    from {{ ref('fct_order_lines') }}
    where gross_fen > 0 and product_key is not null
),

sized as (
    select
        *,
        count(*) over (partition by order_key) as articles_count
    from articles
),

baskets as (
    select * from sized
    where articles_count <= {{ var('selection_basket_articles') }}
),

orders_of_articles as (
    select
        product_key,
        count(*) as orders_count
    from baskets
    group by product_key
),

all_orders as (
    select count(distinct order_key) as orders_count from baskets
)

select
    pairs.product_key,
    pairs.other_key
from pairs
cross join all_orders
left join pairs as reverse_pairs
    on pairs.product_key = reverse_pairs.other_key and pairs.other_key = reverse_pairs.product_key
left join orders_of_articles on pairs.product_key = orders_of_articles.product_key
where
    pairs.orders_count is distinct from reverse_pairs.orders_count
    or pairs.lift is distinct from reverse_pairs.lift
    or pairs.orders_count > least(pairs.product_orders, pairs.other_orders)
    or pairs.product_orders is distinct from orders_of_articles.orders_count
    or pairs.all_orders <> all_orders.orders_count
