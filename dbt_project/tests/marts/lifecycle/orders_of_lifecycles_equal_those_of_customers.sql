-- Two ways to the same orders, and a score for whoever has one and nobody else.
select customers.one_id
from {{ ref('dim_customers') }} as customers
full outer join {{ ref('dim_customer_lifecycle') }} as lifecycles on customers.one_id = lifecycles.one_id
where
    customers.orders_count is distinct from lifecycles.orders_count
    or customers.last_order_on is distinct from lifecycles.last_order_on
    or customers.lifecycle is distinct from lifecycles.state
    or (lifecycles.orders_count > 0) <> (
        lifecycles.recency_score between 1 and 5
        and lifecycles.frequency_score between 1 and 5
        and lifecycles.money_score between 1 and 5
        and lifecycles.recency_score is not null
    )
