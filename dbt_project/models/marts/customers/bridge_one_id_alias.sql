-- Grain: one former One-ID: somebody who was known apart and turned out to be a person known longer.
-- A split takes the row away again: both One-IDs are somebody's.
with

events as (select * from {{ ref('identity_events') }}),

components as (select * from {{ ref('int_identity__components') }}),

merged as (
    select
        other_one_id as one_id_old,
        max(business_date) as merged_on
    from events
    where event = 'merged'
    group by other_one_id
),

bridge_one_id_alias as (
    select
        merged.one_id_old,
        components.one_id as one_id_current,
        merged.merged_on
    from merged
    -- A One-ID is its account's, whoever that account is today.
    inner join components on merged.one_id_old = {{ one_id('components.account_key') }}
    where components.one_id <> merged.one_id_old
)

select * from bridge_one_id_alias
