-- Grain: one row per account of a steward's decision and what the decision shows of it.
-- "same" is an identifier both accounts show; "never same" is a unique identifier of which each shows another value;
-- a split is both: each side stays one person, and the sides are two.

with decisions as (
    select * from {{ source('ops', 'identity_decision') }}
    where
        effective_on <= {{ business_date() }}
        and (revoked_on is null or revoked_on > {{ business_date() }})
),

sides as (
    select
        decisions.decision_id,
        decisions.decision,
        decisions.effective_on,
        accounts.side,
        accounts.account_type,
        accounts.scope,
        accounts.account_id
    from decisions
    inner join {{ source('ops', 'identity_decision_account') }} as accounts
        on decisions.decision_id = accounts.decision_id
),

joining as (
    select
        *,
        'steward_same' as identifier_type,
        'decision' as identifier_scope,
        case decision when 'split' then decision_id || ':' || side else decision_id end as identifier_value
    from sides
    where decision in ('same', 'split')
),

separating as (
    select
        *,
        'steward_never_same' as identifier_type,
        decision_id as identifier_scope,
        side as identifier_value
    from sides
    where decision in ('never_same', 'split')
),

shown as (
    select * from joining
    union all
    select * from separating
),

evidence as (
    select
        'steward' as source,
        account_type,
        scope,
        account_id,
        identifier_type,
        identifier_scope,
        identifier_value,
        {{ start_of_day('effective_on') }} as seen_at,
        {{ start_of_day('effective_on') }} as last_at
    from shown
)

select * from evidence
