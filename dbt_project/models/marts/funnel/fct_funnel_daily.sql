-- Grain: one day, channel and AISAS stage with at least one event.
with

touchpoints as (select * from {{ ref('fct_touchpoints') }}),

stages as (select * from {{ ref('touchpoint_kinds') }}),

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

staged as (
    select
        followed.occurred_on,
        followed.channel,
        stages.stage,
        followed.one_id,
        followed.quantity,
        followed.revenue_fen,
        case
            when followed.next_order_at < followed.occurred_at + interval '7 days' then followed.one_id
        end as one_id_of_buyer_within_7_days,
        case
            when followed.next_order_at < followed.occurred_at + interval '30 days' then followed.one_id
        end as one_id_of_buyer_within_30_days
    from followed
    inner join stages
        on
            followed.channel = stages.channel
            and followed.touchpoint_type = stages.touchpoint_type
            and coalesce(followed.placement, '') = coalesce(stages.placement, '')
    where stages.stage <> 'none'
),

fct_funnel_daily as (
    select
        occurred_on as funnel_on,
        channel,
        stage,
        cast(sum(quantity) as bigint) as events,
        cast(sum(revenue_fen) as bigint) as revenue_fen,
        count(distinct one_id) as customers,
        count(distinct one_id_of_buyer_within_7_days) as buyers_within_7_days,
        count(distinct one_id_of_buyer_within_30_days) as buyers_within_30_days
    from staged
    group by occurred_on, channel, stage
)

select * from fct_funnel_daily
