-- Grain: one cohort (month, channel and product of the first order) and one number of months since, with what it
-- bought.
{{ config(
    materialized='tally', key=['cohort_month', 'channel', 'product_key', 'months_since'], count='orders_count',
) }}

with

order_days as (select * from {{ changes_of(ref('int_order_days')) }} as changes),

months as (
    select
        *,
        {{ month_of('first_on') }} as cohort_month,
        cast(
            (extract(year from ordered_on) - extract(year from first_on)) * 12
            + extract(month from ordered_on) - extract(month from first_on) as integer
        ) as months_since,
        case
            when {{ month_of('previous_on') }} = {{ month_of('ordered_on') }} then 0
            else 1
        end as is_first_of_month
    from order_days
),

int_cohort_months as (
    select
        cohort_month,
        first_channel as channel,
        first_product_key as product_key,
        months_since,
        cast(sum(sign * is_first_of_month) as bigint) as people,
        cast(sum(sign * orders_count) as bigint) as orders_count,
        cast(sum(sign * net_fen) as bigint) as net_fen
    from months
    group by cohort_month, first_channel, first_product_key, months_since
)

select * from int_cohort_months
