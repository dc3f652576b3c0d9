-- Grain: one account that is a person's, named by its key alone.
-- What changed since the last build is read off this table before it is made again.
-- depends_on: {{ ref('int_changed__accounts') }}
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
