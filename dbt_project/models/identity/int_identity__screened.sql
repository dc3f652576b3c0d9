-- Grain: one row per account and identifier (every observation), with what speaks against using it on its own merits.
-- node_key is the identifier's key, told apart by generation; refused_because is null where it may join accounts.
{{ config(
    materialized='identity_state',
    key='identifier_key',
    scope='int_identity__changes',
    indexes=[{'columns': ['identifier_key']}, {'columns': ['account_key']}, {'columns': ['node_key']}],
) }}

with changes as (
    select * from {{ ref('int_identity__changes') }}
),

all_observations as (
    select * from {{ ref('int_identity__observations') }}
),

-- Everything an account shows counts when one of its identifiers is judged again.
{% if is_delta() %}
    accounts_in_scope as (
        select distinct all_observations.account_key
        from all_observations
        inner join changes on all_observations.identifier_key = changes.identifier_key
    ),

    observations as (
        select all_observations.*
        from all_observations
        inner join accounts_in_scope on all_observations.account_key = accounts_in_scope.account_key
    ),
{% else %}
    observations as (
        select * from all_observations
    ),
{% endif %}

types as (
    select * from {{ ref('identity_identifier_types') }}
),

generations as (
    select * from {{ ref('int_identity__generations') }}
),

verdicts as (
    select * from {{ ref('int_identity__verdicts') }}
),

blocked_values as (
    select * from {{ ref('identity_blocked_values') }}
    where identifier_type <> 'phone'
),

-- Phones are tokens here: the blocked ones are tokenised with the vault's key before each build.
blocked_tokens as (
    select * from {{ source('ops', 'blocked_token') }}
),

blocked as (
    select
        observations.identifier_key,
        min(blocked_values.reason) as blocked_reason
    from observations
    inner join blocked_values
        on
            observations.identifier_type = blocked_values.identifier_type
            and case blocked_values.match
                when 'regex' then {{ matches('observations.identifier_value', 'blocked_values.pattern') }}
                else observations.identifier_value = blocked_values.pattern
            end
    group by observations.identifier_key
    union all
    select
        observations.identifier_key,
        min(blocked_tokens.reason) as blocked_reason
    from observations
    inner join blocked_tokens
        on
            observations.identifier_type = blocked_tokens.identifier_type
            and observations.identifier_value = blocked_tokens.token
    group by observations.identifier_key
),

judged as (
    select
        observations.*,
        types.priority,
        types.kind,
        types.max_accounts,
        types.max_per_person,
        blocked.blocked_reason,
        verdicts.quarantined_on,
        verdicts.suspicion,
        coalesce(verdicts.is_trusted, false) as is_trusted,
        coalesce(verdicts.is_of_account, false) as is_of_account,
        coalesce(generations.generation, 1) as generation,
        -- An account's own id is the account: whoever else shows it, the account keeps it.
        observations.scope = observations.identifier_scope
        and observations.account_id = observations.identifier_value as is_own,
        -- A masked or misspelt phone lands as a token that says so.
        observations.identifier_type = 'phone' and observations.identifier_value like 'xx!_%' escape '!' as is_invalid
    from observations
    inner join types on observations.identifier_type = types.identifier_type
    left join blocked on observations.identifier_key = blocked.identifier_key
    left join verdicts on observations.identifier_key = verdicts.identifier_key
    left join generations
        on
            observations.account_key = generations.account_key
            and observations.identifier_key = generations.identifier_key
),

-- The account keeps its own id and what stewards say of it, and of a card that is everybody's nothing else.
doubted as (
    select
        *,
        case
            when not is_own and identifier_type not like 'steward!_%' escape '!'
                then coalesce(
                    case when not is_trusted then suspicion end,
                    max(case when is_own and is_of_account and not is_trusted then suspicion end)
                        over (partition by account_key)
                )
        end as doubt
    from judged
),

keyed as (
    select
        *,
        case
            when generation = 1 then identifier_key
            else {{ hash_key(['identifier_key', 'cast(generation as ' ~ dbt.type_string() ~ ')']) }}
        end as node_key,
        max(generation) over (partition by identifier_key) as owners,
        is_invalid or blocked_reason is not null or doubt is not null as is_unusable
    from doubted
),

-- One account that shows two values of a type of which a person has one: the first it showed stays.
ranked as (
    select
        *,
        row_number() over (
            partition by account_key, identifier_type, identifier_scope, is_unusable
            order by case when is_own then 0 else 1 end, first_seen_at, identifier_key
        ) as value_rank
    from keyed
),

fitting as (
    select
        *,
        not is_unusable and value_rank > max_per_person as is_contradicted
    from ranked
),

-- Too many accounts on one value: nobody's, however few of them are real.
crowds as (
    select
        node_key,
        count(*) as accounts
    from fitting
    where not is_unusable and not coalesce(is_contradicted, false)
    group by node_key
),

reasoned as (
    select
        fitting.*,
        coalesce(crowds.accounts, 0) as accounts,
        case
            when fitting.is_invalid then 'invalid'
            when fitting.blocked_reason is not null then 'blocked_value'
            when fitting.doubt is not null then 'quarantined'
            when fitting.is_contradicted and fitting.kind in ('unique', 'attribute') then 'unique_conflict'
            when fitting.is_contradicted then 'over_limit'
            when fitting.is_own then null
            when crowds.accounts > fitting.max_accounts and not fitting.is_trusted then 'over_limit'
        end as refused_because
    from fitting
    left join crowds on fitting.node_key = crowds.node_key
),

screened as (
    select
        account_key,
        identifier_key,
        node_key,
        source,
        account_type,
        scope,
        account_id,
        identifier_type,
        identifier_scope,
        identifier_value,
        first_seen_at,
        last_seen_at,
        times_seen,
        generation,
        owners,
        priority,
        kind,
        max_per_person,
        is_own,
        is_trusted,
        quarantined_on,
        suspicion,
        accounts,
        refused_because,
        case refused_because
            when 'invalid' then 'not a phone anybody answers'
            when 'blocked_value' then blocked_reason
            when 'quarantined' then doubt
            when 'unique_conflict' then 'the account shows more than ' || max_per_person || ' ' || identifier_type
            when 'over_limit'
                then case
                    when is_contradicted then 'the account shows more than ' || max_per_person || ' ' || identifier_type
                    else 'shown by more than ' || max_accounts || ' accounts'
                end
        end as refused_detail
    from reasoned
)

select * from screened
{% if is_delta() %}
    where identifier_key in (select changes.identifier_key from changes)
{% endif %}
