-- Between n days with orders of one person are n - 1 intervals; the row of everybody is the sum of the categories.
with

intervals as (
    select
        coalesce(sum(case when category = '*' then intervals_count end), 0) as of_everybody,
        coalesce(sum(case when category <> '*' then intervals_count end), 0) as of_categories
    from {{ ref('fct_repurchase_intervals') }}
),

days as (
    select count(distinct one_id || '|' || cast(ordered_on as text)) - count(distinct one_id) as expected_count
    from {{ ref('fct_orders') }}
    where is_paid and one_id is not null
)

select
    intervals.of_everybody,
    intervals.of_categories,
    days.expected_count
from intervals
cross join days
where intervals.of_everybody <> days.expected_count or intervals.of_categories <> days.expected_count
