-- Grain: one account that is another person's than when the marts were last built, with both; either may be nobody.
-- Empty when they are built anew.
with

accounts as (select * from {{ ref('bridge_account_customer') }}),

{% if is_delta() %}

    known as (
        select * from {{ last_mart('bridge_customer_accounts') }}
    ),

    moved as (
        select
            known.one_id as one_id_before,
            accounts.one_id as one_id_now,
            coalesce(accounts.account_key, known.account_key) as account_key
        from accounts
        full outer join known on accounts.account_key = known.account_key
        where accounts.one_id is distinct from known.one_id
    )

{% else %}

    moved as (
        select
            account_key,
            one_id as one_id_before,
            one_id as one_id_now
        from accounts
        where false
    )

{% endif %}

select * from moved
