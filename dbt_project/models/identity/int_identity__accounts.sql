-- Grain: one row per account; its age decides which account names the person.

with observations as (
    select * from {{ ref('int_identity__observations') }}
),

accounts as (
    select
        source,
        account_key,
        account_type,
        scope,
        account_id,
        min(first_seen_at) as first_seen_at
    from observations
    where source <> 'steward'
    group by source, account_key, account_type, scope, account_id
)

select * from accounts
