-- Grain: one article under one title on one day on which it was sold or given.
{{ config(materialized='tally', key=['product_key', 'title', 'sold_on'], count='lines_count') }}

with

order_lines as (
    select * from {{ changes_of(ref('fct_order_lines')) }} as changes
    where product_key is not null
),

int_product_days as (
    select
        product_key,
        ordered_on as sold_on,
        coalesce(title, '') as title,
        sum(sign) as lines_count,
        sum(case when gross_fen > 0 then sign else 0 end) as sales_count,
        sum(sign * coalesce(quantity, 0)) as quantity,
        sum(sign * gross_fen) as gross_fen
    from order_lines
    group by product_key, ordered_on, coalesce(title, '')
)

select * from int_product_days
