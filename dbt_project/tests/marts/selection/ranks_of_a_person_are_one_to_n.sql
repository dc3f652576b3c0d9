-- Without gaps or ties, never more than are to be offered, nothing twice, and in the order of the scores.
with

offered as (
    select
        tastes.one_id,
        selection.selection_rank,
        selection.product_key,
        selection.score,
        lag(selection.score) over (partition by tastes.one_id order by selection.selection_rank) as score_before,
        lag(selection.product_key) over (partition by tastes.one_id order by selection.selection_rank)
            as product_key_before
    from {{ ref('dim_customer_tastes') }} as tastes
    inner join {{ ref('mart_product_selection') }} as selection on tastes.taste_key = selection.taste_key
)

select one_id
from offered
group by one_id
having
    count(*) <> max(selection_rank)
    or count(*) <> count(distinct selection_rank)
    or count(*) <> count(distinct product_key)
    or min(selection_rank) <> 1
    or max(selection_rank) > {{ var('selection_size') }}
    or max(
        case
            when score_before < score or (score_before = score and product_key_before > product_key) then 1
            else 0
        end
    ) = 1
