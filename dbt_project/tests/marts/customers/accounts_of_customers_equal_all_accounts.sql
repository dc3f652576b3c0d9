with

of_customers as (
    select coalesce(sum(accounts_count), 0) as accounts_count
    from {{ ref('dim_customers') }}
),

of_identity as (
    select count(*) as accounts_count
    from {{ ref('bridge_account_customer') }}
)

select of_customers.accounts_count
from of_customers
cross join of_identity
where of_customers.accounts_count <> of_identity.accounts_count
