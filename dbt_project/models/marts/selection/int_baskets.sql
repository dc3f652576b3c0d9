-- Grain: one order and two articles that are both in it, in either order; an article with itself is an order of it, and
-- * with itself is the order.
{{ config(materialized='kept', key='order_key', scope='int_changed__orders') }}

with

lines as (
    select * from {{ ref('fct_order_lines') }}
    {{ where_changed('order_key', ref('int_changed__orders')) }}
),

-- A gift is not chosen.
articles as (
    select distinct
        order_key,
        product_key
    from lines
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

int_baskets as (
    select
        baskets.order_key,
        baskets.product_key,
        partners.product_key as other_key
    from baskets
    inner join baskets as partners on baskets.order_key = partners.order_key
    union all
    select distinct
        order_key,
        '*' as product_key,
        '*' as other_key
    from baskets
)

select * from int_baskets
