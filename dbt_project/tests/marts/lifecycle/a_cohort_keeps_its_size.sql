-- A cohort is as large in every month as in its first, never more of it order, and all cohorts are all buyers.
with

cohorts as (select * from {{ ref('fct_cohorts') }}),

sizes as (
    select
        cohort_month,
        channel,
        product_key
    from cohorts
    group by cohort_month, channel, product_key
    having
        min(cohort_people) <> max(cohort_people)
        or max(people) > max(cohort_people)
        or max(case when months_since = 0 then people end) <> max(cohort_people)
        or min(months_since) <> 0
),

of_cohorts as (
    select
        coalesce(sum(case when months_since = 0 then cohort_people end), 0) as people,
        coalesce(sum(orders_count), 0) as orders_count
    from cohorts
),

of_customers as (
    select
        coalesce(sum(case when orders_count > 0 then 1 else 0 end), 0) as people,
        coalesce(sum(orders_count), 0) as orders_count
    from {{ ref('dim_customers') }}
)

select cast(cohort_month as text) as what
from sizes
union all
select 'all cohorts' as what
from of_cohorts
cross join of_customers
where
    of_cohorts.people <> of_customers.people
    or of_cohorts.orders_count <> of_customers.orders_count
