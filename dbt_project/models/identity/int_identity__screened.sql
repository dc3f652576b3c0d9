-- Grain: one row per account and identifier (every observation), with what speaks against using it on its own merits.
-- node_key is the identifier's key, told apart by generation; refused_because is null where it may join accounts.

with observations as (
    select * from {{ ref('int_identity__observations') }}
),

types as (
    select * from {{ ref('identity_identifier_types') }}
),

generations as (
    select * from {{ ref('int_identity__generations') }}
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
        observations.account_key,
        observations.identifier_key,
        observations.identifier_type,
        observations.identifier_scope,
        observations.first_seen_at,
        observations.last_seen_at,
        types.priority,
        types.kind,
        types.max_accounts,
        types.max_per_person,
        blocked.blocked_reason,
        coalesce(generations.generation, 1) as generation,
        -- An account's own id is the account: whoever else shows it, the account keeps it.
        observations.scope = observations.identifier_scope
        and observations.account_id = observations.identifier_value as is_own,
        -- A masked or misspelt phone lands as a token that says so.
        observations.identifier_type = 'phone' and observations.identifier_value like 'xx!_%' escape '!' as is_invalid
    from observations
    inner join types on observations.identifier_type = types.identifier_type
    left join blocked on observations.identifier_key = blocked.identifier_key
    left join generations
        on
            observations.account_key = generations.account_key
            and observations.identifier_key = generations.identifier_key
),

keyed as (
    select
        *,
        case
            when generation = 1 then identifier_key
            else {{ hash_key(['identifier_key', 'cast(generation as ' ~ dbt.type_string() ~ ')']) }}
        end as node_key,
        is_invalid or blocked_reason is not null as is_unusable
    from judged
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

screened as (
    select
        fitting.account_key,
        fitting.identifier_key,
        fitting.node_key,
        fitting.generation,
        fitting.identifier_type,
        fitting.identifier_scope,
        fitting.first_seen_at,
        fitting.last_seen_at,
        fitting.priority,
        fitting.kind,
        fitting.max_per_person,
        fitting.is_own,
        coalesce(crowds.accounts, 0) as accounts,
        case
            when fitting.is_invalid then 'invalid'
            when fitting.blocked_reason is not null then 'blocked_value'
            when fitting.is_contradicted and fitting.kind = 'unique' then 'unique_conflict'
            when fitting.is_contradicted then 'over_limit'
            when crowds.accounts > fitting.max_accounts and not fitting.is_own then 'over_limit'
        end as refused_because,
        case
            when fitting.is_invalid then 'not a phone anybody answers'
            when fitting.blocked_reason is not null then fitting.blocked_reason
            when fitting.is_contradicted
                then 'the account shows more than ' || fitting.max_per_person || ' ' || fitting.identifier_type
            when crowds.accounts > fitting.max_accounts and not fitting.is_own
                then 'shown by ' || crowds.accounts || ' accounts, at most ' || fitting.max_accounts || ' may'
        end as refused_detail
    from fitting
    left join crowds on fitting.node_key = crowds.node_key
)

select * from screened
