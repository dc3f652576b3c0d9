-- And the periods of each length sum to what was paid.
with

decomposed as (select * from {{ ref('fct_gmv_decomposition') }}),

paid as (
    select
        channel,
        sum(gross_fen) as gross_fen
    from {{ ref('fct_orders') }}
    where is_paid and ordered_on <= {{ business_date() }}
    group by channel
),

of_periods as (
    select
        period,
        channel,
        sum(gmv_fen) as gmv_fen
    from decomposed
    group by period, channel
)

select
    period,
    channel,
    change_fen as expected_fen,
    by_traffic_fen + by_conversion_fen + by_basket_fen as found_fen
from decomposed
where change_fen <> by_traffic_fen + by_conversion_fen + by_basket_fen
union all
select
    of_periods.period,
    paid.channel,
    paid.gross_fen as expected_fen,
    of_periods.gmv_fen as found_fen
from paid
left join of_periods on paid.channel = of_periods.channel
where of_periods.gmv_fen is distinct from paid.gross_fen
