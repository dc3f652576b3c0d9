-- Grain: one row per event in the life of a One-ID, dated by the evidence, not by the night that noticed it.
-- created: somebody new was seen. merged: other_one_id turned out to be the older one_id.

with components as (
    select * from {{ ref('int_identity__components') }}
),

accounts as (
    select * from {{ ref('int_identity__accounts') }}
),

past_merges as (
    select * from {{ ref('int_identity__merges') }}
),

created as (
    select
        {{ shanghai_date('accounts.first_seen_at') }} as business_date,
        'created' as event,
        {{ one_id('accounts.account_key') }} as one_id,
        cast(null as {{ dbt.type_string() }}) as other_one_id
    from components
    inner join accounts on components.account_key = accounts.account_key
    left join past_merges on components.account_key = past_merges.account_key
    where not coalesce(past_merges.is_newborn, false)
),

merged as (
    select
        merged_on as business_date,
        'merged' as event,
        {{ one_id('into_account_key') }} as one_id,
        {{ one_id('account_key') }} as other_one_id
    from past_merges
    where not is_newborn
),

identity_events as (
    select * from created
    union all
    select * from merged
)

select * from identity_events
