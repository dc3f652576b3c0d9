-- Grain: one row per believed sighting and epoch. Nearly every person has one epoch, from ever to ever; where a steward
-- separated somebody or quarantined something on a day, the days before keep the identity that was believed then.
{{ config(materialized='view') }}

with edges as (
    select * from {{ ref('int_identity__edges') }}
),

epoch_edges as (
    select * from {{ beside_resolution('epoch_edges') }}
),

dated as (
    select distinct account_key from epoch_edges
),

undated as (
    select edges.*
    from edges
    left join dated on edges.account_key = dated.account_key
    where dated.account_key is null
),

history as (
    select
        account_key,
        identifier_key,
        node_key,
        first_seen_at,
        date '0001-01-01' as epoch_from,
        date '9999-12-31' as epoch_to
    from undated
    union all
    select
        account_key,
        identifier_key,
        node_key,
        first_seen_at,
        epoch_from,
        epoch_to
    from epoch_edges
)

select * from history
