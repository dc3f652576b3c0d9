-- Grain: one row per two people and an identifier that both show and that stronger identifiers keep from joining them.
-- A link is knowledge about a household; it is never an identity and nobody is addressed through it.

with refusals as (
    select * from {{ ref('int_identity__refusals') }}
),

observations as (
    select * from {{ ref('int_identity__observations') }}
),

components as (
    select * from {{ ref('int_identity__components') }}
),

shared_identifiers as (
    select distinct identifier_key
    from refusals
    where
        reason = 'unique_conflict'
        and identifier_type <> 'proposal'
        and identifier_type not like 'steward!_%' escape '!'
),

people as (
    select distinct
        observations.identifier_key,
        components.one_id
    from shared_identifiers
    inner join observations on shared_identifiers.identifier_key = observations.identifier_key
    inner join components on observations.account_key = components.account_key
),

household_links as (
    select
        one_person.one_id as one_id_a,
        other_person.one_id as one_id_b,
        one_person.identifier_key
    from people as one_person
    inner join people as other_person
        on
            one_person.identifier_key = other_person.identifier_key
            and one_person.one_id < other_person.one_id
)

select * from household_links
