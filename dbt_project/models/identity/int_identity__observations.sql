-- Grain: one row per account and identifier it ever showed (evidence), before any rule.

with shown as (
    select * from {{ ref('int_identity__sightings') }}
),

evidence as (
    select
        source,
        account_type,
        scope,
        account_id,
        identifier_type,
        identifier_scope,
        identifier_value,
        seen_at,
        last_at
    from shown
),

-- What somebody says of accounts, not what the accounts showed.
hearsay as (
    select * from {{ ref('int_identity__evidence_steward') }}
    union all
    select * from {{ ref('int_identity__evidence_proposals') }}
),

aliases as (
    select * from {{ source('vault', 'alias') }}
),

known_accounts as (
    select distinct
        account_type,
        scope,
        account_id
    from evidence
),

-- It is about accounts that exist; one that was erased takes it along.
standing_hearsay as (
    select hearsay.*
    from hearsay
    inner join known_accounts
        on
            hearsay.account_type = known_accounts.account_type
            and hearsay.scope = known_accounts.scope
            and hearsay.account_id = known_accounts.account_id
),

sightings as (
    select * from evidence
    union all
    select * from standing_hearsay
),

-- The hash of a phone and the phone are one identifier once the phone itself was seen.
canonical as (
    select
        sightings.source,
        sightings.account_type,
        sightings.scope,
        sightings.account_id,
        sightings.identifier_type,
        sightings.identifier_scope,
        sightings.seen_at,
        sightings.last_at,
        coalesce(aliases.token, sightings.identifier_value) as identifier_value
    from sightings
    left join aliases
        on
            sightings.identifier_type = 'phone'
            and sightings.identifier_value = aliases.alias_token
),

grouped as (
    -- Two sources may show the same account (a group and an address book): it is one account, named by either.
    select
        account_type,
        scope,
        account_id,
        identifier_type,
        identifier_scope,
        identifier_value,
        min(source) as source,
        min(seen_at) as first_seen_at,
        max(last_at) as last_seen_at,
        count(*) as times_seen
    from canonical
    group by
        account_type,
        scope,
        account_id,
        identifier_type,
        identifier_scope,
        identifier_value
),

observations as (
    select
        source,
        {{ account_key('account_type', 'scope', 'account_id') }} as account_key,
        account_type,
        scope,
        account_id,
        {{ identifier_key('identifier_type', 'identifier_scope', 'identifier_value') }} as identifier_key,
        identifier_type,
        identifier_scope,
        identifier_value,
        first_seen_at,
        last_seen_at,
        times_seen
    from grouped
)

select * from observations
