-- Grain: one pair of articles, in either order, and how many orders hold both; with itself, how many hold it; * with
-- itself, how many there are.
{{ config(materialized='tally', key=['product_key', 'other_key'], count='orders_count') }}

with

baskets as (select * from {{ changes_of(ref('int_baskets')) }} as changes),

int_product_pairs as (
    select
        product_key,
        other_key,
        cast(sum(sign) as bigint) as orders_count
    from baskets
    group by product_key, other_key
)

select * from int_product_pairs
