-- Grain: one cohort (month, channel and product of the first order) and one number of months since, in which it
-- ordered.
with

months as (select * from {{ ref('int_cohort_months') }}),

fct_cohorts as (
    select
        months.cohort_month,
        months.channel,
        months.product_key,
        months.months_since,
        -- Everybody orders in the month of their first order.
        beginnings.people as cohort_people,
        months.people,
        months.orders_count,
        months.net_fen
    from months
    inner join months as beginnings
        on
            months.cohort_month = beginnings.cohort_month
            and months.channel = beginnings.channel
            and months.product_key = beginnings.product_key
            and beginnings.months_since = 0
)

select * from fct_cohorts
