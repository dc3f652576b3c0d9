-- Grain: one row per account and identifier that identity believes (and generation, where a value is issued again).

with resolution as (
    select * from {{ ref('int_identity__resolution') }}
),

screened as (
    select * from {{ ref('int_identity__screened') }}
),

observations as (
    select * from {{ ref('int_identity__observations') }}
),

edges as (
    select
        observations.source,
        observations.account_key,
        observations.account_type,
        observations.scope,
        observations.account_id,
        observations.identifier_key,
        screened.node_key,
        screened.generation,
        observations.identifier_type,
        observations.identifier_scope,
        observations.identifier_value,
        observations.first_seen_at,
        observations.last_seen_at,
        observations.times_seen
    from resolution
    inner join screened
        on resolution.account_key = screened.account_key and resolution.node_key = screened.node_key
    inner join observations
        on
            screened.account_key = observations.account_key
            and screened.identifier_key = observations.identifier_key
    where resolution.refused_because is null
)

select * from edges
