-- Grain: one account that is a person's, named by its key alone.
-- What changed since the last build is read off this table before it is made again.
-- depends_on: {{ ref('int_changed__accounts') }}
with

people as (select * from {{ ref('bridge_account_customer') }}),

accounts as (select * from {{ ref('int_identity__accounts') }}),

bridge_customer_accounts as (
    select
        people.account_key,
        people.one_id,
        accounts.source,
        people.account_type
    from people
    inner join accounts on people.account_key = accounts.account_key
)

select * from bridge_customer_accounts
