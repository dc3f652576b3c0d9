-- Grain: one row per account that at least one believed identifier stands for.
-- A person is named after the oldest account, so the same evidence gives the same One-ID, in any order, after any loss.
-- A receipt with a clerk's phone or a visit without a trace is nobody: it has no row.

with resolution as (
    select * from {{ ref('int_identity__resolution') }}
),

accounts as (
    select * from {{ ref('int_identity__accounts') }}
),

believed as (
    select distinct
        account_key,
        component
    from resolution
    where refused_because is null
),

aged as (
    select
        believed.account_key,
        first_value(accounts.account_key) over (
            partition by believed.component
            order by accounts.first_seen_at, accounts.account_key
        ) as oldest_account_key
    from believed
    inner join accounts on believed.account_key = accounts.account_key
),

components as (
    select
        account_key,
        {{ one_id('oldest_account_key') }} as one_id
    from aged
)

select * from components
