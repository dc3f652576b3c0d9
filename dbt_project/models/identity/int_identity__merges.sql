-- Grain: one row per account and epoch in which it does not name its person: when, by the dates of the evidence, it
-- became another's. is_current: in today's epoch; the former ones ended with a steward's decision.
{{ config(
    materialized='identity_history',
    key='account_key',
    scope='int_identity__touched',
    indexes=[{'columns': ['account_key']}],
) }}

with history as (
    select * from {{ ref('int_identity__history') }}
    {% if is_delta() %}
        where account_key in (select touched.account_key from {{ beside_resolution('touched') }} as touched)
    {% endif %}
),

accounts as (
    select * from {{ ref('int_identity__accounts') }}
),

lives as (
    select distinct
        account_key,
        epoch_from,
        epoch_to
    from history
),

-- One number for each life of an account, older ones first: epochs never meet.
births as (
    select
        lives.account_key,
        lives.epoch_from,
        lives.epoch_to,
        row_number() over (
            order by accounts.landed_on, accounts.known_since, accounts.account_key, lives.epoch_from
        ) as age,
        {{ shanghai_date('accounts.first_seen_at') }} as born_on
    from lives
    inner join accounts on lives.account_key = accounts.account_key
),

sightings as (
    select
        history.account_key,
        history.epoch_from,
        history.epoch_to,
        history.first_seen_at as seen_at,
        births.age,
        births.born_on,
        history.node_key || cast(history.epoch_from as {{ dbt.type_string() }}) as node_key,
        {{ shanghai_date('history.first_seen_at') }} as seen_on
    from history
    inner join births
        on history.account_key = births.account_key and history.epoch_from = births.epoch_from
)

select * from sightings
