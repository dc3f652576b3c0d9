-- Each day begins where the one before ended, and the last one ends with the people who bear the label.
with

days as (
    select
        *,
        lag(closing, 1, cast(0 as bigint)) over (partition by label order by aipl_on) as closing_before
    from {{ ref('fct_aipl_daily') }}
),

borne as (
    select
        label,
        count(*) as people
    from {{ ref('fct_aipl_spells') }}
    where from_on <= {{ business_date() }} and (until_on is null or {{ business_date() }} < until_on)
    group by label
)

select
    days.aipl_on,
    days.label
from days
left join borne on days.label = borne.label
where
    days.opening + days.people_in - days.people_out <> days.closing
    or days.opening <> days.closing_before
    or days.opening < 0
    or (days.aipl_on = {{ business_date() }} and days.closing <> coalesce(borne.people, 0))
