-- Grain: one row per account and identifier that identity believes (and generation, where a value is issued again).
-- A view: the verdicts are kept, and a night rewrites those of its changes only.
{{ config(materialized='view') }}

with screened as (
    select * from {{ ref('int_identity__screened') }}
),

resolution as (
    select * from {{ ref('int_identity__resolution') }}
),

vetoes as (
    select * from {{ beside_resolution('vetoes') }}
),

edges as (
    select
        screened.source,
        screened.account_key,
        screened.account_type,
        screened.scope,
        screened.account_id,
        screened.identifier_key,
        screened.node_key,
        screened.generation,
        screened.identifier_type,
        screened.identifier_scope,
        screened.identifier_value,
        screened.first_seen_at,
        screened.last_seen_at,
        screened.times_seen
    from resolution
    inner join screened
        on
            resolution.account_key = screened.account_key
            and resolution.identifier_key = screened.identifier_key
    left join vetoes on resolution.identifier = vetoes.identifier
    where resolution.kind <> 'attribute' and (vetoes.identifier is null or resolution.is_own)
)

select * from edges
