-- Grain: one person whose next order is due about the business date.
with

lifecycles as (select * from {{ ref('dim_customer_lifecycle') }}),

mart_repurchase_due as (
    select
        one_id,
        expected_next_on,
        {{ days_between('expected_next_on', business_date()) }} as overdue_days,
        last_order_on,
        last_category,
        preferred_category,
        typical_interval_days,
        interval_basis,
        state
    from lifecycles
    where
        expected_next_on
        between {{ days_after(business_date(), -var('repurchase_overdue_days')) }}
        and {{ days_after(business_date(), var('repurchase_ahead_days')) }}
)

select * from mart_repurchase_due
