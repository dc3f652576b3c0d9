-- Grain: one category that was bought and one number of days after which people came back, with how often.
{{ config(materialized='tally', key=['category', 'interval_days'], count='intervals_count') }}

with

order_days as (select * from {{ changes_of(ref('int_order_days')) }} as changes),

int_repurchase_intervals as (
    select
        category,
        {{ days_between('ordered_on', 'next_on') }} as interval_days,
        cast(sum(sign) as bigint) as intervals_count
    from order_days
    where next_on is not null
    group by category, {{ days_between('ordered_on', 'next_on') }}
)

select * from int_repurchase_intervals
