-- Grain: one row per identifier of which somebody said something: the detector of poison, or a steward.
-- A steward's word is dated: what a quarantined identifier joined before that day stays joined in history.

with suspects as (
    select * from {{ ref('int_identity__suspects') }}
),

-- A decision about a phone's hash is about the phone, once that was seen.
decisions as (
    select
        decided.decision,
        decided.effective_on,
        {{ identifier_key(
            'decided.identifier_type', 'decided.identifier_scope', 'coalesce(aliases.token, decided.identifier_value)'
        ) }} as identifier_key
    from {{ source('ops', 'identity_decision') }} as decided
    left join {{ source('vault', 'alias') }} as aliases
        on decided.identifier_type = 'phone' and decided.identifier_value = aliases.alias_token
    where
        decided.decision in ('quarantine', 'trust')
        and decided.effective_on <= {{ business_date() }}
        and (decided.revoked_on is null or decided.revoked_on > {{ business_date() }})
),

said as (
    select
        identifier_key,
        false as is_trusted,
        reason in ('new_guests', 'many_guests') as is_of_account,
        cast(null as date) as quarantined_on,
        detail as suspicion
    from suspects
    union all
    select
        identifier_key,
        decision = 'trust' as is_trusted,
        false as is_of_account,
        case decision when 'quarantine' then effective_on end as quarantined_on,
        cast(null as {{ dbt.type_string() }}) as suspicion
    from decisions
),

verdicts as (
    select
        identifier_key,
        max(case when is_trusted then 1 else 0 end) = 1 as is_trusted,
        -- What the account shows that bears this id is doubted, not the id.
        max(case when is_of_account then 1 else 0 end) = 1 as is_of_account,
        min(quarantined_on) as quarantined_on,
        min(suspicion) as suspicion
    from said
    group by identifier_key
)

select * from verdicts
