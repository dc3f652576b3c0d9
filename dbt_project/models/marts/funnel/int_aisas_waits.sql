-- Grain: one day, channel and AISAS stage, and one declared time within which people came to it from the stage before.
{{ config(materialized='tally', key=['funnel_on', 'channel', 'stage', 'wait_hours'], count='people') }}

with

people as (select * from {{ changes_of(ref('int_aisas_people')) }} as changes),

int_aisas_waits as (
    select
        funnel_on,
        channel,
        stage,
        wait_hours,
        cast(sum(sign) as bigint) as people
    from people
    where wait_hours is not null
    group by funnel_on, channel, stage, wait_hours
)

select * from int_aisas_waits
