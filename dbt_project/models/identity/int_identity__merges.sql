-- Grain: one row per account that does not name its person: when, by the dates of the evidence, it became another's.
{{ config(materialized='identity_history') }}

with edges as (
    select * from {{ ref('int_identity__edges') }}
),

accounts as (
    select
        account_key,
        row_number() over (order by first_seen_at, account_key) as age,
        {{ shanghai_date('first_seen_at') }} as born_on
    from {{ ref('int_identity__accounts') }}
),

sightings as (
    select
        edges.account_key,
        edges.node_key,
        edges.first_seen_at as seen_at,
        accounts.age,
        accounts.born_on,
        {{ shanghai_date('edges.first_seen_at') }} as seen_on
    from edges
    inner join accounts on edges.account_key = accounts.account_key
)

select * from sightings
