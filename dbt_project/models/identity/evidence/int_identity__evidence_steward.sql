-- Grain: one row per side of a steward's decision.
-- "same" is an identifier both accounts show; "never same" is a unique identifier of which each shows another value.

with decisions as (
    select * from {{ ref('identity_decisions') }}
),

sides as (
    select
        *,
        'left' as side,
        left_account_type as account_type,
        left_scope as scope,
        left_account_id as account_id
    from decisions
    union all
    select
        *,
        'right' as side,
        right_account_type as account_type,
        right_scope as scope,
        right_account_id as account_id
    from decisions
),

evidence as (
    select
        'steward' as source,
        account_type,
        scope,
        account_id,
        'steward_' || decision as identifier_type,
        case decision when 'same' then 'decision' else decision_id end as identifier_scope,
        case decision when 'same' then decision_id else side end as identifier_value,
        {{ start_of_day('decided_on') }} as seen_at,
        {{ start_of_day('decided_on') }} as last_at
    from sides
)

select * from evidence
