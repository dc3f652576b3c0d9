-- Grain: one row per account of a proposal from names and addresses that identity may believe.
-- Off unless identity_use_proposals is true in dbt_project.yml. What a night proposes counts from the next business
-- date on, dated by the first run that proposed it; a pair that the newest run no longer proposes is withdrawn.

with runs as (
    select * from {{ source('ops', 'identity_proposal_run') }}
    where proposed_on < {{ business_date() }}
),

newest_run as (
    select max(proposed_on) as proposed_on
    from runs
),

proposals as (
    select * from {{ source('ops', 'identity_proposal') }}
    where
        proposed_on < {{ business_date() }}
        and probability >= {{ var('identity_proposal_threshold', 0.9) }}
        and {{ var('identity_use_proposals', false) | lower }}
),

standing as (
    select
        proposals.left_account_type,
        proposals.left_scope,
        proposals.left_account_id,
        proposals.right_account_type,
        proposals.right_scope,
        proposals.right_account_id,
        {{ hash_key([
            'proposals.left_account_type', 'proposals.left_scope', 'proposals.left_account_id',
            'proposals.right_account_type', 'proposals.right_scope', 'proposals.right_account_id',
        ]) }} as pair,
        min(proposals.proposed_on) as first_on,
        max(proposals.proposed_on) as last_on
    from proposals
    group by
        proposals.left_account_type,
        proposals.left_scope,
        proposals.left_account_id,
        proposals.right_account_type,
        proposals.right_scope,
        proposals.right_account_id
),

sides as (
    select
        left_account_type as account_type,
        left_scope as scope,
        left_account_id as account_id,
        pair,
        first_on,
        last_on
    from standing
    union all
    select
        right_account_type as account_type,
        right_scope as scope,
        right_account_id as account_id,
        pair,
        first_on,
        last_on
    from standing
),

evidence as (
    select
        'proposals' as source,
        sides.account_type,
        sides.scope,
        sides.account_id,
        'proposal' as identifier_type,
        'pair' as identifier_scope,
        sides.pair as identifier_value,
        {{ start_of_day(dbt.dateadd('day', 1, 'sides.first_on')) }} as seen_at,
        {{ start_of_day(dbt.dateadd('day', 1, 'sides.last_on')) }} as last_at
    from sides
    inner join newest_run on sides.last_on = newest_run.proposed_on
)

select * from evidence
