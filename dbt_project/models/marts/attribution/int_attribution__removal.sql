-- Grain: one channel in one month: its removal effect among the journeys that ended in the month, up to the business
-- date. A month's orders are credited by what that month's journeys say, so a late fact moves one month and not all of
-- history; the weight that they are credited by is rounded, so most late facts move nothing.
{{ config(materialized='removal_effects', key='learned_in', scope='int_changed__months') }}
with

transitions as (
    select
        *,
        {{ month_of('ended_on') }} as learned_in
    from {{ ref('int_attribution__transitions') }}
    where ended_on <= {{ business_date() }}
),

int_attribution__removal as (
    select
        learned_in,
        from_channel,
        to_channel,
        max(ended_on) as learned_until,
        sum(transitions) as transitions
    from transitions
    {{ where_changed('learned_in', ref('int_changed__months')) }}
    group by learned_in, from_channel, to_channel
)

select * from int_attribution__removal
