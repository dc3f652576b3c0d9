-- Grain: one account that is a person's, named by its key alone.
-- What changed since the last build is read off this table before it is made again.
-- depends_on: {{ ref('int_changed__accounts') }}
with

accounts as (select * from {{ ref('bridge_account_customer') }}),

observations as (select * from {{ ref('int_identity__observations') }}),

-- What stewards decided or a model proposed is no sign of life. An account that two sources know is named by the first.
seen as (
    select
        account_key,
        min(source) as source,
        min({{ shanghai_date('first_seen_at') }}) as first_seen_on,
        max({{ shanghai_date('last_seen_at') }}) as last_seen_on
    from observations
    where source not in ('steward', 'proposals')
    group by account_key
),

bridge_customer_accounts as (
    select
        accounts.account_key,
        accounts.one_id,
        seen.source,
        accounts.account_type,
        seen.first_seen_on,
        seen.last_seen_on
    from accounts
    left join seen on accounts.account_key = seen.account_key
)

select * from bridge_customer_accounts
