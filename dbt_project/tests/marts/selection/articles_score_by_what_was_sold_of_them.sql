-- Counted from the lines; the best of a category has all thousandths, and what it offers is ranked without a gap.
with

scores as (select * from {{ ref('mart_product_scores') }}),

lines as (
    select
        product_key,
        sum(quantity) as quantity
    from {{ ref('fct_order_lines') }}
    where
        product_key is not null
        and ordered_on <= {{ business_date() }}
        and ordered_on > {{ days_after(business_date(), -var('selection_sold_days')) }}
    group by product_key, coalesce(title, ''), ordered_on
    having sum(case when gross_fen > 0 then 1 else 0 end) > 0
),

sold as (
    select
        product_key,
        sum(quantity) as quantity
    from lines
    group by product_key
),

categories as (
    select
        category,
        max(score) as best_score,
        max(sold_lately) as most_sold,
        count(case when is_offered then 1 end) as offered,
        count(distinct rank_in_category) as ranks,
        coalesce(max(rank_in_category), 0) as last_rank
    from scores
    group by category
)

select coalesce(scores.product_key, sold.product_key) as product_key
from scores
full outer join sold on scores.product_key = sold.product_key
where scores.product_key is null or scores.sold_lately <> coalesce(sold.quantity, 0)
union all
select category as product_key
from categories
where
    (most_sold > 0 and best_score <> 1000)
    or offered <> ranks
    or offered <> last_rank
