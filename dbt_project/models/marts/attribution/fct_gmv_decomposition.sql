-- Grain: one channel that sells and one day, week or month, beside the one before.
{% set periods = ['day', 'week', 'month'] %}

with

daily as (
    select * from {{ ref('int_gmv__daily') }}
    where gmv_on <= {{ business_date() }}
),

selling as (
    select channel from daily
    group by channel
    having sum(orders) > 0
),

dated as (
    {% for period in periods %}
        select
            '{{ period }}' as period,
            cast(date_trunc('{{ period }}', daily.gmv_on) as date) as starts_on,
            cast(date_trunc('{{ period }}', daily.gmv_on) + interval '1 {{ period }}' as date) as next_starts_on,
            daily.channel,
            daily.traffic,
            daily.orders,
            daily.gmv_fen
        from daily
        inner join selling on daily.channel = selling.channel
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- Each period speaks twice: for itself, and as the one before the next.
sides as (
    select
        period,
        starts_on,
        channel,
        traffic,
        orders,
        gmv_fen,
        0 as traffic_before,
        0 as orders_before,
        0 as gmv_before_fen
    from dated
    union all
    select
        period,
        next_starts_on as starts_on,
        channel,
        0 as traffic,
        0 as orders,
        0 as gmv_fen,
        traffic as traffic_before,
        orders as orders_before,
        gmv_fen as gmv_before_fen
    from dated
    where next_starts_on <= {{ business_date() }}
),

summed as (
    select
        period,
        starts_on,
        channel,
        sum(traffic) as traffic,
        sum(orders) as orders,
        sum(gmv_fen) as gmv_fen,
        sum(traffic_before) as traffic_before,
        sum(orders_before) as orders_before,
        sum(gmv_before_fen) as gmv_before_fen
    from sides
    group by period, starts_on, channel
),

-- What nothing is known of is taken as unchanged: traffic that was not measured while there were orders, the conversion
-- of a period without traffic, the basket of one without orders.
measured as (
    select
        *,
        case
            when traffic > 0 then traffic
            when traffic_before = 0 then 1
            when orders = 0 then 0
            else traffic_before
        end as t1,
        case
            when traffic_before > 0 then traffic_before
            when traffic = 0 then 1
            when orders_before = 0 then 0
            else traffic
        end as t0
    from summed
),

factors as (
    select
        *,
        coalesce(orders / nullif(t1, 0), orders_before / nullif(t0, 0)) as c1,
        coalesce(orders_before / nullif(t0, 0), orders / nullif(t1, 0)) as c0,
        coalesce(gmv_fen / nullif(orders, 0), gmv_before_fen / nullif(orders_before, 0)) as b1,
        coalesce(gmv_before_fen / nullif(orders_before, 0), gmv_fen / nullif(orders, 0)) as b0
    from measured
    where orders + orders_before > 0
),

-- Shapley values of three factors: the change of one, weighed by every state that the other two may be in, so that
-- nothing depends on which changes first and nothing is left over: Shorrocks (2013), J. of Economic Inequality 11(1).
contributions as (
    select
        *,
        (t1 - t0) * (2 * c0 * b0 + c0 * b1 + c1 * b0 + 2 * c1 * b1) / 6 as by_traffic,
        (c1 - c0) * (2 * t0 * b0 + t0 * b1 + t1 * b0 + 2 * t1 * b1) / 6 as by_conversion
    from factors
),

fct_gmv_decomposition as (
    select
        period,
        starts_on,
        channel,
        {{ days_after(business_date(), 1) }} >= case
            {% for period in periods %}
                when period = '{{ period }}' then cast(starts_on + interval '1 {{ period }}' as date)
            {% endfor %}
        end as is_complete,
        cast(traffic as bigint) as traffic,
        cast(orders as bigint) as orders,
        cast(gmv_fen as bigint) as gmv_fen,
        cast(traffic_before as bigint) as traffic_before,
        cast(orders_before as bigint) as orders_before,
        cast(gmv_before_fen as bigint) as gmv_before_fen,
        cast(gmv_fen - gmv_before_fen as bigint) as change_fen,
        cast(round(by_traffic) as bigint) as by_traffic_fen,
        cast(round(by_traffic + by_conversion) - round(by_traffic) as bigint) as by_conversion_fen,
        cast(gmv_fen - gmv_before_fen - round(by_traffic + by_conversion) as bigint) as by_basket_fen
    from contributions
)

select * from fct_gmv_decomposition
