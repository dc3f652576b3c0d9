-- Grain: one row per account and identifier that passed the screen, with the component the account ended in.
{{ config(materialized='identity_resolution') }}

with screened as (
    select * from {{ ref('int_identity__screened') }}
),

candidates as (
    select
        account_key,
        node_key,
        {{ node_id(hash_key(['identifier_type', 'identifier_scope'])) }} as dimension,
        identifier_type as dimension_type,
        kind,
        priority,
        max_per_person,
        first_seen_at,
        is_own
    from screened
    where refused_because is null
)

select * from candidates
