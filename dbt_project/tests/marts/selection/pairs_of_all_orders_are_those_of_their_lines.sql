-- Together as often as the orders say: an order of n articles has n x (n - 1) pairs.
with

articles as (
    select
        order_key,
        count(distinct product_key) as articles_count
    from {{ ref('fct_order_lines') }}
    where gross_fen > 0 and product_key is not null
    group by order_key
),

expected as (
    select coalesce(sum(articles_count * (articles_count - 1)), 0) as pairs_count
    from articles
    where articles_count <= {{ var('selection_basket_articles') }}
),

told as (
    select coalesce(sum(orders_count), 0) as pairs_count
    from {{ ref('fct_product_pairs') }}
)

select
    expected.pairs_count as expected_count,
    told.pairs_count as told_count
from expected
cross join told
where expected.pairs_count <> told.pairs_count
