-- Grain: one row per account and identifier that passed the screen, as the engine last solved it.
-- Beside it the engine keeps node -> label, label -> component, the clusters of components that hold several people,
-- the identifiers it vetoed there, and what stewards' dated decisions changed (macro resolve_identities).
{{ config(
    materialized='identity_resolution',
    indexes=[
        {'columns': ['identifier_key']},
        {'columns': ['account']},
        {'columns': ['identifier']},
    ],
) }}

with screened as (
    select * from {{ ref('int_identity__screened') }}
),

changes as (
    select * from {{ ref('int_identity__changes') }}
),

candidates as (
    select
        account_key,
        identifier_key,
        node_key,
        {{ node_id('account_key') }} as account,
        {{ node_id('node_key') }} as identifier,
        {{ node_id(hash_key(['identifier_type', 'identifier_scope'])) }} as dimension,
        identifier_type as dimension_type,
        source = 'steward' as is_decision,
        kind,
        priority,
        max_per_person,
        first_seen_at,
        is_own,
        case
            when identifier_type = 'steward_never_same' then {{ shanghai_date('first_seen_at') }}
            when not is_trusted then quarantined_on
        end as decided_on
    from screened
    where
        refused_because is null
        {% if is_delta() %}
            and identifier_key in (select changes.identifier_key from changes)
        {% endif %}
)

select * from candidates
