-- Grain: one person and one cycle of acquiring, retaining, reaching again, fission and retaining again.
{{ config(materialized='kept', key='one_id', scope='int_changed__customers') }}
{% set retaining = "'" ~ var('growth_retaining_types') | join("', '") ~ "'" %}

with recursive

touchpoints as (select * from {{ ref('int_changed__histories') }}),

days as (
    select
        touchpoints.one_id,
        touchpoints.occurred_on,
        max(
            case
                when
                    touchpoints.touchpoint_type in (
                        {{ retaining }}
                    )
                    then 1
                else 0
            end
        ) as is_retaining,
        max(case when touchpoints.stage = 'share' then 1 else 0 end) as is_sharing
    from touchpoints
    group by touchpoints.one_id, touchpoints.occurred_on
),

-- From the end, so that one order of the days serves all: of each day, when the steps that would follow it are taken,
-- as soon as they can be. The day that comes first has every later step soonest, so the least of all that follow is
-- its.
closing as (
    select
        *,
        lag(occurred_on) over (partition by one_id order by occurred_on desc) as next_on,
        min(case when is_retaining = 1 then occurred_on end) over (
            partition by one_id order by occurred_on desc rows between unbounded preceding and 1 preceding
        ) as retained_after_on
    from days
),

sharing as (
    select
        *,
        min(case when is_sharing = 1 then occurred_on end) over (
            partition by one_id order by occurred_on desc rows between unbounded preceding and current row
        ) as shared_on,
        min(case when is_sharing = 1 then retained_after_on end) over (
            partition by one_id order by occurred_on desc rows between unbounded preceding and current row
        ) as closed_on
    from closing
),

reaching as (
    select
        *,
        lag(shared_on) over (partition by one_id order by occurred_on desc) as shared_after_on,
        lag(closed_on) over (partition by one_id order by occurred_on desc) as closed_after_on
    from sharing
),

chains as (
    select
        one_id,
        occurred_on as acquired_on,
        lead(occurred_on) over (partition by one_id order by occurred_on desc) as day_before_on,
        min(case when is_retaining = 1 then occurred_on end) over (
            partition by one_id order by occurred_on desc rows between unbounded preceding and current row
        ) as retained_on,
        min(case when is_retaining = 1 then next_on end) over (
            partition by one_id order by occurred_on desc rows between unbounded preceding and current row
        ) as reached_again_on,
        min(case when is_retaining = 1 then shared_after_on end) over (
            partition by one_id order by occurred_on desc rows between unbounded preceding and current row
        ) as shared_on,
        min(case when is_retaining = 1 then closed_after_on end) over (
            partition by one_id order by occurred_on desc rows between unbounded preceding and current row
        ) as retained_again_on
    from reaching
),

-- Few people ever close a cycle: only what follows a close can begin another.
closes as (
    select distinct
        one_id,
        retained_again_on
    from chains
    where retained_again_on is not null
),

reopenings as (
    select
        closes.one_id,
        closes.retained_again_on as closed_on,
        min(chains.acquired_on) as reopened_on
    from closes
    inner join chains on closes.one_id = chains.one_id and closes.retained_again_on < chains.acquired_on
    group by closes.one_id, closes.retained_again_on
),

later_chains as (
    select
        chains.*,
        reopenings.closed_on
    from reopenings
    inner join chains
        on reopenings.one_id = chains.one_id and reopenings.reopened_on = chains.acquired_on
),

cycles as (
    select
        one_id,
        acquired_on,
        retained_on,
        reached_again_on,
        shared_on,
        retained_again_on,
        1 as cycle_no
    from chains
    where day_before_on is null
    union all
    select
        later_chains.one_id,
        later_chains.acquired_on,
        later_chains.retained_on,
        later_chains.reached_again_on,
        later_chains.shared_on,
        later_chains.retained_again_on,
        cycles.cycle_no + 1 as cycle_no
    from cycles
    inner join later_chains
        on cycles.one_id = later_chains.one_id and cycles.retained_again_on = later_chains.closed_on
),

fct_growth_cycles as (
    select
        one_id,
        cycle_no,
        acquired_on,
        retained_on,
        reached_again_on,
        shared_on,
        retained_again_on,
        retained_again_on is not null as is_closed
    from cycles
)

select * from fct_growth_cycles
