-- Asked of the facts themselves, and not of the daily marts between.
with

daily as (
    select
        measure,
        sum(amount) as amount
    from {{ ref('fct_stage_daily') }}
    group by measure
),

kinds as (select * from {{ ref('touchpoint_kinds') }}),

staged as (
    select
        kinds.stage,
        touchpoints.touchpoint_type,
        touchpoints.quantity
    from {{ ref('fct_touchpoints') }} as touchpoints
    left join kinds
        on {{ is_of_kind('touchpoints', 'kinds') }}
    where touchpoints.occurred_on <= {{ business_date() }}
),

orders as (
    select * from {{ ref('fct_orders') }}
    where is_paid and ordered_on <= {{ business_date() }}
),

spend as (
    select * from {{ ref('fct_ad_spend') }}
    where spent_on <= {{ business_date() }}
),

facts as (
    select
        stage as measure,
        sum(quantity) as amount
    from staged
    where stage in ('attention', 'interest', 'search', 'share')
    group by stage
    union all
    select
        'traffic' as measure,
        sum(quantity) as amount
    from staged
    where stage in {{ sql_list(var('gmv_traffic_stages')) }}
    union all
    select
        'contacts' as measure,
        count(*) as amount
    from staged
    where touchpoint_type in {{ sql_list(var('growth_retaining_types')) }}
    union all
    select
        'orders' as measure,
        count(*) as amount
    from orders
    union all
    select
        'net_fen' as measure,
        sum(net_fen) as amount
    from orders
    {% for measure in ['cost_fen', 'impressions', 'clicks'] %}
        union all
        select
            '{{ measure }}' as measure,
            sum({{ measure }}) as amount
        from spend
    {% endfor %}
)

select coalesce(daily.measure, facts.measure) as measure
from daily
full outer join facts on daily.measure = facts.measure
where coalesce(daily.amount, 0) <> coalesce(facts.amount, 0)
