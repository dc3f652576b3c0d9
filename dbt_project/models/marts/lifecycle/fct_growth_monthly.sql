-- Grain: one month in which cycles began.
{{ config(materialized='tally', key=['growth_month'], count='cycles_count') }}

with

cycles as (select * from {{ changes_of(ref('fct_growth_cycles')) }} as changes),

fct_growth_monthly as (
    select
        {{ month_of('acquired_on') }} as growth_month,
        cast(sum(sign) as bigint) as cycles_count,
        cast(sum(case when retained_on is not null then sign else 0 end) as bigint) as retained_count,
        cast(sum(case when reached_again_on is not null then sign else 0 end) as bigint) as reached_again_count,
        cast(sum(case when shared_on is not null then sign else 0 end) as bigint) as shared_count,
        cast(sum(case when is_closed then sign else 0 end) as bigint) as closed_count
    from cycles
    group by {{ month_of('acquired_on') }}
)

select * from fct_growth_monthly
