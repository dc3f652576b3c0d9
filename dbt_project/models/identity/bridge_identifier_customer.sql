-- Grain: one row per identifier and spell [valid_from, valid_to) during which it stood for one One-ID.
-- valid_to is null for today's owner. "Who was this on that day" is a join on the day; a merge ends one spell and opens
-- the next, so does a split, and a number that was issued again ends the spell of the former owner.
{{ config(
    materialized='identity_state',
    key='identifier_key',
    scope='int_identity__touched_identifiers',
    indexes=[{'columns': ['identifier_key']}, {'columns': ['one_id']}],
) }}

with recursive screened as (
    select * from {{ ref('int_identity__screened') }}
    where
        source not in ('steward', 'proposals')
        {% if is_delta() %}
            and identifier_key in (
                select touched.identifier_key from {{ ref('int_identity__touched_identifiers') }} as touched
            )
        {% endif %}
),

history as (
    select * from {{ ref('int_identity__history') }}
),

past_merges as (
    select * from {{ ref('int_identity__merges') }}
),

first_sightings as (
    select
        history.node_key,
        history.epoch_from,
        history.epoch_to,
        history.account_key,
        screened.identifier_key,
        screened.generation,
        screened.identifier_type,
        screened.identifier_scope,
        screened.identifier_value,
        {{ shanghai_date('history.first_seen_at') }} as seen_on,
        row_number() over (
            partition by history.node_key, history.epoch_from
            order by history.first_seen_at, history.account_key
        ) as sighting
    from screened
    inner join history
        on
            screened.account_key = history.account_key
            and screened.identifier_key = history.identifier_key
),

-- From the account that showed the identifier first, along what its person became part of; a few steps at most.
chain as (
    select
        node_key,
        epoch_from,
        account_key,
        seen_on as valid_from,
        1 as step
    from first_sightings
    where sighting = 1
    union all
    select
        chain.node_key,
        chain.epoch_from,
        past_merges.into_account_key as account_key,
        greatest(chain.valid_from, past_merges.merged_on) as valid_from,
        chain.step + 1 as step
    from chain
    inner join past_merges
        on chain.account_key = past_merges.account_key and chain.epoch_from = past_merges.epoch_from
),

spells as (
    select
        node_key,
        epoch_from,
        {{ one_id('account_key') }} as one_id,
        valid_from,
        lead(valid_from, 1, date '9999-12-31') over (partition by node_key, epoch_from order by step) as valid_to
    from chain
),

within_epochs as (
    select
        first_sightings.identifier_key,
        first_sightings.generation,
        first_sightings.identifier_type,
        first_sightings.identifier_scope,
        first_sightings.identifier_value,
        spells.one_id,
        greatest(spells.valid_from, first_sightings.epoch_from) as valid_from,
        least(spells.valid_to, first_sightings.epoch_to) as valid_to
    from spells
    inner join first_sightings
        on
            spells.node_key = first_sightings.node_key
            and spells.epoch_from = first_sightings.epoch_from
            and first_sightings.sighting = 1
),

-- A decision that left this identifier where it was ends no spell of it.
starts as (
    select
        *,
        case
            when
                one_id = lag(one_id) over (partition by identifier_key, generation order by valid_from)
                and valid_from = lag(valid_to) over (partition by identifier_key, generation order by valid_from)
                then 0
            else 1
        end as is_start
    from within_epochs
    where valid_from < valid_to
),

numbered as (
    select
        *,
        sum(is_start) over (partition by identifier_key, generation order by valid_from) as spell
    from starts
),

stitched as (
    select
        identifier_key,
        generation,
        identifier_type,
        identifier_scope,
        identifier_value,
        one_id,
        min(valid_from) as valid_from,
        max(valid_to) as valid_to
    from numbered
    group by
        identifier_key, generation, identifier_type, identifier_scope, identifier_value, one_id, spell
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
        stitched.identifier_key,
        stitched.identifier_type,
        stitched.identifier_scope,
        stitched.identifier_value,
        stitched.one_id,
        stitched.valid_from,
        least(stitched.valid_to, next_generation.started_on) as valid_to
    from stitched
    left join generation_starts as next_generation
        on
            stitched.identifier_key = next_generation.identifier_key
            and stitched.generation + 1 = next_generation.generation
),

bridge_identifier_customer as (
    select
        identifier_key,
        identifier_type,
        identifier_scope,
        identifier_value,
        one_id,
        valid_from,
        nullif(valid_to, date '9999-12-31') as valid_to
    from bounded
    where valid_from < valid_to
)

select * from bridge_identifier_customer
