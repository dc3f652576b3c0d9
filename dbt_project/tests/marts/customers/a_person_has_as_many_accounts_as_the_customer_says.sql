with

customers as (select * from {{ ref('dim_customers') }}),

accounts as (
    select
        one_id,
        count(*) as accounts_count
    from {{ ref('bridge_customer_accounts') }}
    group by one_id
)

select
    customers.one_id,
    customers.accounts_count,
    accounts.accounts_count as accounts_in_bridge
from customers
left join accounts on customers.one_id = accounts.one_id
where customers.accounts_count <> coalesce(accounts.accounts_count, 0)
