-- Grain: one known person on one day, channel and AISAS stage, and whether they paid an order after it.
{{ config(materialized='kept', key='one_id', scope='int_changed__customers', since='funnel_on', days=30) }}

with

touchpoints as (
    select touchpoints.* from {{ ref('int_changed__histories') }} as touchpoints
    {{ where_changed_since('touchpoints', 'one_id', 'occurred_on', ref('int_changed__customers'), 30) }}
),

-- A person's next order after each of their acts; an order at the very second of a visit follows the visit.
followed as (
    select
        *,
        min(case when touchpoint_type = 'order' then occurred_at end) over (
            partition by one_id
            order by
                occurred_at desc,
                case when touchpoint_type = 'order' then 0 else 1 end asc,
                touchpoint_key asc
            rows between unbounded preceding and 1 preceding
        ) as next_order_at
    from touchpoints
),

int_funnel_people as (
    select
        followed.one_id,
        followed.occurred_on as funnel_on,
        followed.channel,
        followed.stage,
        max(
            case when followed.next_order_at < followed.occurred_at + interval '7 days' then 1 else 0 end
        ) as buys_within_7_days,
        max(
            case when followed.next_order_at < followed.occurred_at + interval '30 days' then 1 else 0 end
        ) as buys_within_30_days
    from followed
    where followed.stage <> 'none'
    group by followed.one_id, followed.occurred_on, followed.channel, followed.stage
)

select * from int_funnel_people
