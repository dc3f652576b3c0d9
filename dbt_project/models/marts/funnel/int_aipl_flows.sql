-- Grain: one day, also to come, and one change of AIPL label, with how many people make it.
{{ config(materialized='tally', key=['flow_on', 'from_label', 'to_label'], count='people') }}

with

spells as (select * from {{ changes_of(ref('fct_aipl_spells')) }} as changes),

int_aipl_flows as (
    select
        from_on as flow_on,
        label_before as from_label,
        label as to_label,
        cast(sum(sign) as bigint) as people
    from spells
    group by from_on, label_before, label
)

select * from int_aipl_flows
