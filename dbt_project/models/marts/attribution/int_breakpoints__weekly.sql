-- Grain: one link, campaign and week with people at its start.
{{ config(materialized='tally', key=['template', 'step', 'campaign_key', 'starts_on'], count='people') }}
with

starts as (select * from {{ changes_of(ref('int_breakpoints__starts')) }} as changes),

int_breakpoints__weekly as (
    select
        template,
        step,
        campaign_key,
        starts_on,
        cast(sum(sign) as bigint) as people,
        cast(sum(sign * went_on) as bigint) as people_going_on
    from starts
    group by template, step, campaign_key, starts_on
)

select * from int_breakpoints__weekly
