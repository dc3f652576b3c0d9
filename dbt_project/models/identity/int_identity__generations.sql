-- Grain: one row per account and identifier of a type that is issued again (phones); of tonight's changes in a delta.
-- An owner falls silent for longer than reuse_days, then the value turns up with accounts that carry unique or strong
-- identifiers nobody showed with it before: from there on it is another owner's, a new generation.

with observations as (
    select * from {{ ref('int_identity__observations') }}
),

types as (
    select * from {{ ref('identity_identifier_types') }}
),

changes as (
    select * from {{ ref('int_identity__changes') }}
),

verdicts as (
    select * from {{ ref('int_identity__verdicts') }}
),

suspects as (
    select
        identifier_key,
        is_of_account
    from verdicts
    where suspicion is not null and not is_trusted
),

suspect_accounts as (
    select observations.account_key
    from observations
    inner join suspects on observations.identifier_key = suspects.identifier_key and suspects.is_of_account
    where
        observations.scope = observations.identifier_scope
        and observations.account_id = observations.identifier_value
),

-- What ties an account to a person, whatever its phone. Poison ties it to nobody: a phone that was shown beside a
-- shop tablet's WeChat has no new owner.
marks as (
    select
        observations.account_key,
        observations.identifier_key as mark
    from observations
    inner join types on observations.identifier_type = types.identifier_type
    left join suspects on observations.identifier_key = suspects.identifier_key
    left join suspect_accounts on observations.account_key = suspect_accounts.account_key
    where
        types.kind in ('unique', 'strong')
        and observations.source <> 'steward'
        and suspects.identifier_key is null
        and suspect_accounts.account_key is null
),

reissued as (
    select
        observations.account_key,
        observations.identifier_key,
        observations.first_seen_at,
        types.reuse_days,
        max(observations.last_seen_at) over (
            partition by observations.identifier_key
            order by observations.first_seen_at, observations.account_key
            rows between unbounded preceding and 1 preceding
        ) as last_heard_at
    from observations
    inner join types on observations.identifier_type = types.identifier_type
    {% if is_delta() %}
        inner join changes on observations.identifier_key = changes.identifier_key
    {% endif %}
    where types.reuse_days is not null
),

-- A stretch is evidence without a silence in it.
stretches as (
    select
        account_key,
        identifier_key,
        first_seen_at,
        sum(
            case when first_seen_at > {{ dbt.dateadd('day', 'reuse_days', 'last_heard_at') }} then 1 else 0 end
        ) over (
            partition by identifier_key order by first_seen_at, account_key
        ) as stretch
    from reissued
),

interrupted as (
    select identifier_key
    from stretches
    group by identifier_key
    having max(stretch) > 0
),

mark_stretches as (
    select
        stretches.identifier_key,
        marks.mark,
        stretches.stretch,
        min(stretches.stretch) over (
            partition by stretches.identifier_key, marks.mark
        ) as first_stretch
    from stretches
    inner join interrupted on stretches.identifier_key = interrupted.identifier_key
    inner join marks on stretches.account_key = marks.account_key
),

-- The old owner's own mark in the new stretch means that the old owner came back.
new_owners as (
    select
        identifier_key,
        stretch
    from mark_stretches
    group by identifier_key, stretch
    having min(first_stretch) = stretch and stretch > 0
),

generations as (
    select
        stretches.account_key,
        stretches.identifier_key,
        cast(1 + count(distinct new_owners.stretch) as integer) as generation
    from stretches
    left join new_owners
        on
            stretches.identifier_key = new_owners.identifier_key
            and stretches.stretch >= new_owners.stretch
    group by stretches.account_key, stretches.identifier_key
)

select * from generations
