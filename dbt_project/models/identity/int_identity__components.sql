-- Grain: one row per account that at least one believed identifier stands for.
-- A person is named after the oldest account, so the same evidence gives the same One-ID, after any loss.
-- A receipt with a clerk's phone or a visit without a trace is nobody: it has no row.
{{ config(
    materialized='identity_state',
    key='account_key',
    scope='int_identity__touched',
    indexes=[{'columns': ['account_key'], 'unique': true}, {'columns': ['one_id']}],
) }}

with edges as (
    select * from {{ ref('int_identity__edges') }}
    {% if is_delta() %}
        where account_key in (select touched.account_key from {{ beside_resolution('touched') }} as touched)
    {% endif %}
),

accounts as (
    select * from {{ ref('int_identity__accounts') }}
),

labels as (
    select * from {{ beside_resolution('labels') }}
),

aliases as (
    select * from {{ beside_resolution('aliases') }}
),

clusters as (
    select * from {{ beside_resolution('clusters') }}
),

believed as (
    select distinct
        account_key,
        {{ node_id('account_key') }} as account
    from edges
),

-- In a component that holds several people a cluster is the person; elsewhere the component is.
placed as (
    select
        believed.account_key,
        coalesce(clusters.cluster, aliases.component, labels.label) as person
    from believed
    inner join labels on believed.account = labels.node
    left join aliases on labels.label = aliases.label
    left join clusters on believed.account = clusters.account
),

aged as (
    select
        placed.account_key,
        first_value(accounts.account_key) over (
            partition by placed.person
            order by accounts.landed_on, accounts.known_since, accounts.account_key
        ) as oldest_account_key
    from placed
    inner join accounts on placed.account_key = accounts.account_key
),

components as (
    select
        account_key,
        {{ one_id('oldest_account_key') }} as one_id
    from aged
)

select * from components
