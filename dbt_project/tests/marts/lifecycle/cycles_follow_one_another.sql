-- The steps of a cycle come in order, a cycle begins after the one before it closed, and only the last may be open.
with

cycles as (
    select
        *,
        lag(retained_again_on) over (partition by one_id order by cycle_no) as closed_before_on,
        lag(cycle_no, 1, 0) over (partition by one_id order by cycle_no) as cycle_before
    from {{ ref('fct_growth_cycles') }}
)

select
    one_id,
    cycle_no
from cycles
where
    cycle_no <> cycle_before + 1
    or (cycle_no > 1 and coalesce(closed_before_on >= acquired_on, true))
    or retained_on < acquired_on
    or reached_again_on <= retained_on
    or shared_on < reached_again_on
    or retained_again_on <= shared_on
    or (retained_on is null and reached_again_on is not null)
    or (reached_again_on is null and shared_on is not null)
    or (shared_on is null and retained_again_on is not null)
