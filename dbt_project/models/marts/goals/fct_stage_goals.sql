-- Grain: one goal: a metric, a channel or all of them, and a period.
{% set passed_until = 'least(stage_goals.ends_on, ' ~ days_after(business_date(), 1) ~ ')' %}
with

metrics as (select * from {{ ref('stage_metrics') }}),

daily as (select * from {{ ref('fct_stage_daily') }}),

goals as (
    select
        stage_goals.*,
        metrics.family,
        metrics.stage,
        metrics.numerator,
        metrics.denominator,
        metrics.is_lower_better,
        metrics.unit,
        {{ days_between('stage_goals.starts_on', 'stage_goals.ends_on') }} as days_total,
        -- The business date is a day that has passed.
        greatest(0, {{ days_between('stage_goals.starts_on', passed_until) }}) as days_passed
    from {{ ref('stage_goals') }} as stage_goals
    inner join metrics on stage_goals.metric = metrics.metric
),

-- The period so far, and as many days of the one before.
summed as (
    select
        goals.starts_on,
        goals.ends_on,
        goals.channel,
        goals.metric,
        {% for part in ['numerator', 'denominator'] %}
            {% for side in ['now', 'before'] %}
                sum(
                    case
                        when
                            daily.measure = goals.{{ part }}
                            and {% if side == 'before' %}not{% endif %} daily.measured_on >= goals.starts_on
                            then daily.amount
                    end
                ) as {{ part }}_{{ side }}
                {% if not loop.last %},{% endif %}
            {% endfor %}
            {% if not loop.last %},{% endif %}
        {% endfor %}
    from goals
    inner join daily
        on
            goals.channel in ('all', daily.channel)
            and (
                (goals.starts_on <= daily.measured_on and goals.ends_on > daily.measured_on)
                or (
                    {{ days_after('goals.starts_on', '-goals.days_total') }} <= daily.measured_on
                    and {{ days_after('goals.starts_on', 'goals.days_passed - goals.days_total') }} > daily.measured_on
                )
            )
    group by goals.starts_on, goals.ends_on, goals.channel, goals.metric
),

-- A sum of nothing is 0, a quotient of nothing is none.
measured as (
    select
        goals.*,
        case
            when goals.days_passed = 0 then null
            when goals.denominator is null then cast(coalesce(summed.numerator_now, 0) as numeric)
            else cast(coalesce(summed.numerator_now, 0) as numeric) / summed.denominator_now
        end as actual,
        case
            when goals.days_passed = 0 then null
            when goals.denominator is null then cast(coalesce(summed.numerator_before, 0) as numeric)
            else cast(coalesce(summed.numerator_before, 0) as numeric) / summed.denominator_before
        end as actual_before,
        case
            when goals.denominator is null then goals.target * goals.days_passed / goals.days_total
            else goals.target
        end as due
    from goals
    left join summed
        on
            goals.starts_on = summed.starts_on
            and goals.ends_on = summed.ends_on
            and goals.channel = summed.channel
            and goals.metric = summed.metric
),

judged as (
    select
        *,
        case when is_lower_better then actual <= due else actual >= due end as is_met
    from measured
),

fct_stage_goals as (
    select
        starts_on,
        ends_on,
        channel,
        metric,
        family,
        stage,
        unit,
        is_lower_better,
        target,
        round(actual, 6) as actual,
        round(actual / nullif(target, 0), 6) as attainment,
        round(due, 6) as due,
        round(actual_before, 6) as actual_before,
        round(actual / nullif(actual_before, 0) - 1, 6) as growth,
        case
            when days_passed = 0 then 'not_begun'
            when actual is null then 'no_figures'
            when days_passed < days_total and is_met then 'on_track'
            when days_passed < days_total then 'behind'
            when is_met then 'reached'
            else 'missed'
        end as state
    from judged
)

select * from fct_stage_goals
