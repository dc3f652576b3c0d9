-- Grain: one account that is a person's, named by its key alone.
with

accounts as (select * from {{ ref('bridge_account_customer') }}),

bridge_customer_accounts as (
    select
        account_key,
        one_id,
        source,
        account_type
    from accounts
)

select * from bridge_customer_accounts
