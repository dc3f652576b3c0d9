-- Grain: one touchpoint of a person of whom the marts have something to say anew, with its place in the taxonomy:
-- looked for once, for a dozen models. Every known person's when the marts are built anew.
{{ config(materialized='table' if is_delta() else 'view') }}
with

touchpoints as (
    select * from {{ ref('fct_touchpoints') }}
    {{ where_changed('one_id', ref('int_changed__customers')) }}
),

kinds as (select * from {{ ref('touchpoint_kinds') }}),

int_changed__histories as (
    select
        touchpoints.one_id,
        touchpoints.touchpoint_key,
        touchpoints.touchpoint_type,
        touchpoints.channel,
        touchpoints.campaign_key,
        touchpoints.product_key,
        touchpoints.occurred_at,
        touchpoints.occurred_on,
        kinds.stage,
        kinds.domain,
        kinds.phase
    from touchpoints
    left join kinds
        on {{ is_of_kind('touchpoints', 'kinds') }}
    where touchpoints.one_id is not null
)

select * from int_changed__histories
