-- Grain: one category after which people bought again, and one row (*) for everybody.
with

by_category as (select * from {{ ref('int_repurchase_intervals') }}),

intervals as (
    select
        category,
        interval_days,
        intervals_count
    from by_category
    union all
    select
        '*' as category,
        interval_days,
        sum(intervals_count) as intervals_count
    from by_category
    group by interval_days
),

ranked as (
    select
        *,
        sum(intervals_count) over (partition by category order by interval_days) as count_so_far,
        sum(intervals_count) over (partition by category) as count_in_all
    from intervals
),

fct_repurchase_intervals as (
    select
        category,
        cast(sum(intervals_count) as bigint) as intervals_count,
        min(case when count_so_far * 4 >= count_in_all then interval_days end) as lower_quartile_days,
        min(case when count_so_far * 2 >= count_in_all then interval_days end) as median_days,
        min(case when count_so_far * 4 >= count_in_all * 3 then interval_days end) as upper_quartile_days,
        category = '*' or sum(intervals_count) >= {{ var('repurchase_category_intervals') }} as is_used
    from ranked
    group by category
)

select * from fct_repurchase_intervals
