-- Grain: one row per identifier and spell [valid_from, valid_to) during which it stood for one One-ID.
-- valid_to is null for today's owner. "Who was this on that day" is a join on the day; a merge ends one spell and opens
-- the next, a number that was issued again ends the spell of the former owner.

with recursive edges as (
    select * from {{ ref('int_identity__edges') }}
    where source <> 'steward'
),

screened as (
    select * from {{ ref('int_identity__screened') }}
),

past_merges as (
    select * from {{ ref('int_identity__merges') }}
),

first_sightings as (
    select
        node_key,
        identifier_key,
        generation,
        identifier_type,
        identifier_scope,
        identifier_value,
        account_key,
        {{ shanghai_date('first_seen_at') }} as seen_on,
        row_number() over (partition by node_key order by first_seen_at, account_key) as sighting
    from edges
),

-- From the account that showed the identifier first, along what its person became part of; a few steps at most.
chain as (
    select
        node_key,
        account_key,
        seen_on as valid_from,
        1 as step
    from first_sightings
    where sighting = 1
    union all
    select
        chain.node_key,
        past_merges.into_account_key as account_key,
        greatest(chain.valid_from, past_merges.merged_on) as valid_from,
        chain.step + 1 as step
    from chain
    inner join past_merges on chain.account_key = past_merges.account_key
),

spells as (
    select
        node_key,
        account_key,
        valid_from,
        lead(valid_from) over (partition by node_key order by step) as valid_to
    from chain
),

generation_starts as (
    select
        identifier_key,
        generation,
        min({{ shanghai_date('first_seen_at') }}) as started_on
    from screened
    group by identifier_key, generation
),

bounded as (
    select
        first_sightings.identifier_type,
        first_sightings.identifier_scope,
        first_sightings.identifier_value,
        {{ one_id('spells.account_key') }} as one_id,
        spells.valid_from,
        least(spells.valid_to, next_generation.started_on) as valid_to
    from spells
    inner join first_sightings
        on spells.node_key = first_sightings.node_key and first_sightings.sighting = 1
    left join generation_starts as next_generation
        on
            first_sightings.identifier_key = next_generation.identifier_key
            and first_sightings.generation + 1 = next_generation.generation
),

bridge_identifier_customer as (
    select * from bounded
    where valid_to is null or valid_from < valid_to
)

select * from bridge_identifier_customer
