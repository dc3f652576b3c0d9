-- Grain: one person, purpose and channel for which one of the person's accounts has decided.
with

decisions as (select * from {{ ref('int_consent_decisions') }}),

acts as (select * from {{ ref('consent_acts') }}),

-- The strictest account speaks for the person: a refusal beats any number of permissions, however old it is.
ranked as (
    select
        decisions.one_id,
        acts.purpose,
        acts.channel,
        decisions.is_granted,
        decisions.decided_at,
        decisions.text_version,
        decisions.source,
        row_number() over (
            partition by decisions.one_id, acts.purpose, acts.channel
            order by
                case when decisions.is_granted then 1 else 0 end asc,
                decisions.decided_at desc nulls last,
                decisions.account_type asc,
                decisions.scope asc,
                decisions.account_id asc,
                decisions.act asc
        ) as strictness_rank
    from decisions
    inner join acts on decisions.act = acts.act
),

fct_consents as (
    select
        one_id,
        purpose,
        channel,
        is_granted,
        decided_at,
        text_version,
        source
    from ranked
    where strictness_rank = 1
)

select * from fct_consents
