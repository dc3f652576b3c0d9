-- Grain: one row per event in the life of a One-ID, dated by the evidence and by stewards' decisions, not by the night
-- that noticed it. created: somebody new was seen. merged: other_one_id turned out to be the older one_id.
-- split: a steward's decision made other_one_id somebody apart from one_id again. dissolved: it left nothing of one_id.
{{ config(materialized='view') }}

with recursive history as (
    select * from {{ ref('int_identity__history') }}
),

accounts as (
    select * from {{ ref('int_identity__accounts') }}
),

past_merges as (
    select * from {{ ref('int_identity__merges') }}
),

account_epochs as (
    select distinct
        account_key,
        epoch_from,
        epoch_to
    from history
),

lives as (
    select
        account_epochs.account_key,
        account_epochs.epoch_from,
        account_epochs.epoch_to,
        {{ shanghai_date('accounts.first_seen_at') }} as born_on,
        past_merges.merged_on,
        past_merges.into_account_key,
        coalesce(past_merges.is_newborn, false) as is_newborn
    from account_epochs
    inner join accounts on account_epochs.account_key = accounts.account_key
    left join past_merges
        on
            account_epochs.account_key = past_merges.account_key
            and account_epochs.epoch_from = past_merges.epoch_from
),

-- What the evidence says within an epoch; its first day belongs to the decision.
told as (
    select
        born_on as business_date,
        'created' as event,
        account_key,
        cast(null as {{ dbt.type_string() }}) as other_account_key
    from lives
    where not is_newborn and born_on >= epoch_from and born_on < epoch_to
    union all
    select
        merged_on as business_date,
        'merged' as event,
        into_account_key as account_key,
        account_key as other_account_key
    from lives
    where not is_newborn and merged_on > epoch_from and merged_on < epoch_to
),

-- Who named a person the evening before a decision, and the evening after.
before_decisions as (
    select
        account_key,
        epoch_from,
        epoch_to as decided_on,
        merged_on is null or merged_on >= epoch_to as is_alive
    from lives
    where epoch_to < date '9999-12-31' and born_on < epoch_to
),

after_decisions as (
    select
        account_key,
        epoch_from as decided_on,
        into_account_key,
        born_on,
        merged_on is null or merged_on > epoch_from as is_alive
    from lives
    where epoch_from > date '0001-01-01' and born_on <= epoch_from
),

-- Whose person somebody was part of before the decision, step by step.
former as (
    select
        account_key,
        decided_on,
        epoch_from,
        account_key as root_account_key
    from before_decisions
    union all
    select
        former.account_key,
        former.decided_on,
        former.epoch_from,
        past_merges.into_account_key as root_account_key
    from former
    inner join past_merges
        on
            former.root_account_key = past_merges.account_key
            and former.epoch_from = past_merges.epoch_from
            and former.decided_on > past_merges.merged_on
),

former_roots as (
    select
        former.account_key,
        former.decided_on,
        former.root_account_key
    from former
    inner join before_decisions
        on
            former.root_account_key = before_decisions.account_key
            and former.decided_on = before_decisions.decided_on
    where before_decisions.is_alive
),

decided as (
    select
        former_roots.root_account_key,
        after_decisions.into_account_key,
        coalesce(before_decisions.account_key, after_decisions.account_key) as account_key,
        coalesce(before_decisions.decided_on, after_decisions.decided_on) as business_date,
        before_decisions.account_key is not null as was_known,
        after_decisions.account_key is not null as is_known,
        coalesce(before_decisions.is_alive, false) as was_alive,
        coalesce(after_decisions.is_alive, false) as is_alive,
        coalesce(after_decisions.born_on < after_decisions.decided_on, true) as is_born_before
    from before_decisions
    full outer join after_decisions
        on
            before_decisions.account_key = after_decisions.account_key
            and before_decisions.decided_on = after_decisions.decided_on
    left join former_roots
        on
            before_decisions.account_key = former_roots.account_key
            and before_decisions.decided_on = former_roots.decided_on
),

changed as (
    select
        business_date,
        case
            when is_alive and was_known then 'split'
            when is_alive then 'created'
            when is_known then 'merged'
            else 'dissolved'
        end as event,
        case
            when is_alive and was_known then root_account_key
            when is_alive then account_key
            when is_known then into_account_key
            else account_key
        end as account_key,
        case when (is_alive and was_known) or (not is_alive and is_known) then account_key end as other_account_key
    from decided
    where is_alive <> was_alive and is_born_before
),

happened as (
    select * from told
    union all
    select * from changed
),

identity_events as (
    select
        business_date,
        event,
        {{ one_id('account_key') }} as one_id,
        {{ one_id('other_account_key') }} as other_one_id
    from happened
)

select * from identity_events
