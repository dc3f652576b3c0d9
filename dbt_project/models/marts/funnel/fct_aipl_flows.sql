-- Grain: one day and change of AIPL label that somebody made on it.
with

flows as (select * from {{ ref('int_aipl_flows') }}),

fct_aipl_flows as (
    select
        flow_on,
        from_label,
        to_label,
        people
    from flows
    where flow_on <= {{ business_date() }}
)

select * from fct_aipl_flows
