-- Of what has begun: the actual times its denominator is its numerator.
with

goals as (
    select
        told.*,
        metrics.numerator,
        metrics.denominator
    from {{ ref('fct_stage_goals') }} as told
    inner join {{ ref('stage_metrics') }} as metrics on told.metric = metrics.metric
    where told.state <> 'not_begun'
),

daily as (select * from {{ ref('fct_stage_daily') }}),

sums as (
    select
        goals.starts_on,
        goals.metric,
        goals.channel,
        goals.denominator,
        goals.actual,
        coalesce(sum(case when daily.measure = goals.numerator then daily.amount end), 0) as numerator,
        coalesce(sum(case when daily.measure = goals.denominator then daily.amount end), 0) as denominator_amount
    from goals
    left join daily
        on
            goals.starts_on <= daily.measured_on
            and goals.ends_on > daily.measured_on
            and goals.channel in ('all', daily.channel)
    group by goals.starts_on, goals.ends_on, goals.metric, goals.channel, goals.denominator, goals.actual
)

select
    starts_on,
    metric,
    channel
from sums
where
    case
        when denominator is null then actual is distinct from numerator
        when denominator_amount = 0 then actual is not null
        else actual is null or abs(actual * denominator_amount - numerator) > denominator_amount * 0.000001
    end
