-- Grain: one row per account; its age decides which account names the person.

with observations as (
    select * from {{ ref('int_identity__observations') }}
),

arrivals as (
    select * from {{ ref('int_identity__arrivals') }}
),

seen as (
    select
        account_key,
        account_type,
        scope,
        account_id,
        min(source) as source,
        min(first_seen_at) as first_seen_at
    from observations
    where source not in ('steward', 'proposals')
    group by account_key, account_type, scope, account_id
),

accounts as (
    select
        seen.source,
        seen.account_key,
        seen.account_type,
        seen.scope,
        seen.account_id,
        seen.first_seen_at,
        coalesce(arrivals.landed_on, {{ shanghai_date('seen.first_seen_at') }}) as landed_on,
        coalesce(arrivals.known_since, seen.first_seen_at) as known_since
    from seen
    left join arrivals
        on
            seen.account_type = arrivals.account_type
            and seen.scope = arrivals.scope
            and seen.account_id = arrivals.account_id
)

select * from accounts
