-- Grain: one day up to the business date, channel and measure that is not 0.
with

funnel as (select * from {{ ref('fct_funnel_daily') }}),

contacts as (select * from {{ ref('int_stage_contacts') }}),

traffic as (select * from {{ ref('int_gmv__daily') }}),

spend as (select * from {{ ref('fct_ad_spend') }}),

told as (
    select
        funnel_on as measured_on,
        channel,
        case when stage = 'action' then 'orders' else stage end as measure,
        events as amount
    from funnel
    union all
    select
        funnel_on as measured_on,
        channel,
        'net_fen' as measure,
        revenue_fen as amount
    from funnel
    where stage = 'action'
    union all
    select
        contacted_on as measured_on,
        channel,
        'contacts' as measure,
        contacts as amount
    from contacts
    union all
    select
        gmv_on as measured_on,
        channel,
        'traffic' as measure,
        traffic as amount
    from traffic
    {% for measure in ['cost_fen', 'impressions', 'clicks'] %}
        union all
        select
            spent_on as measured_on,
            channel,
            '{{ measure }}' as measure,
            {{ measure }} as amount
        from spend
    {% endfor %}
),

fct_stage_daily as (
    select
        measured_on,
        channel,
        measure,
        cast(sum(amount) as bigint) as amount
    from told
    where measured_on <= {{ business_date() }}
    group by measured_on, channel, measure
    having sum(amount) <> 0
)

select * from fct_stage_daily
