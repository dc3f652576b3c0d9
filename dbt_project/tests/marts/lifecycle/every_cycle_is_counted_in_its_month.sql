with

months as (
    select
        coalesce(sum(cycles_count), 0) as cycles_count,
        coalesce(sum(closed_count), 0) as closed_count,
        coalesce(
            min(
                least(
                    cycles_count - retained_count, retained_count - reached_again_count,
                    reached_again_count - shared_count, shared_count - closed_count
                )
            ), 0
        ) as least_drop
    from {{ ref('fct_growth_monthly') }}
),

cycles as (
    select
        count(*) as cycles_count,
        coalesce(sum(case when is_closed then 1 else 0 end), 0) as closed_count
    from {{ ref('fct_growth_cycles') }}
)

select
    months.cycles_count,
    months.closed_count
from months
cross join cycles
where
    months.cycles_count <> cycles.cycles_count
    or months.closed_count <> cycles.closed_count
    or months.least_drop < 0
