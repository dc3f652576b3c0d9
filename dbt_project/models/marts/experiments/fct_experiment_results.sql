-- Grain: one experiment that somebody took part in.
{% set arms = ['treatment', 'control'] %}

with

experiments as (select * from {{ ref('experiments') }}),

sums as (select * from {{ ref('int_experiment_arms') }}),

-- An arm without people has no rate, and one person no spread.
rated as (
    select
        *,
        {% for arm in arms %}
            {% set people = 'nullif(' ~ arm ~ '_people, 0)' %}
            cast({{ arm }}_converted as numeric) / {{ people }} as {{ arm }}_rate,
            {{ wilson_bound(arm ~ '_converted', people, '-') }} as {{ arm }}_rate_low,
            {{ wilson_bound(arm ~ '_converted', people, '+') }} as {{ arm }}_rate_high,
            cast({{ arm }}_net_fen as numeric) / {{ people }} as {{ arm }}_mean,
            ({{ arm }}_squares - cast({{ arm }}_net_fen as numeric) * {{ arm }}_net_fen / {{ people }})
            / nullif({{ arm }}_people - 1, 0) / {{ people }} as {{ arm }}_variance_of_mean
            {% if not loop.last %},{% endif %}
        {% endfor %}
    from sums
),

-- Rates: Newcombe's hybrid of the two score intervals (1998, Statistics in Medicine 17, 873-890, method 10). Money: the
-- difference of means with unequal variances, normal because arms are large.
compared as (
    select
        *,
        treatment_rate - control_rate as rate_lift,
        sqrt(power(treatment_rate - treatment_rate_low, 2) + power(control_rate_high - control_rate, 2)) as rate_down,
        sqrt(power(treatment_rate_high - treatment_rate, 2) + power(control_rate - control_rate_low, 2)) as rate_up,
        treatment_mean - control_mean as mean_lift,
        {{ var('experiments_z') }} * sqrt(treatment_variance_of_mean + control_variance_of_mean) as mean_margin
    from rated
),

fct_experiment_results as (
    select
        compared.experiment,
        experiments.segment,
        experiments.starts_on,
        experiments.ends_on,
        experiments.ends_on <= {{ business_date() }} and compared.outcome_until_on <= {{ business_date() }}
            as is_settled,
        compared.treatment_people,
        compared.control_people,
        compared.contaminated,
        compared.treatment_exposed,
        compared.control_exposed,
        compared.treatment_converted,
        compared.control_converted,
        round(compared.treatment_rate, 6) as treatment_rate,
        round(compared.control_rate, 6) as control_rate,
        round(compared.rate_lift, 6) as rate_lift,
        round(compared.rate_lift - compared.rate_down, 6) as rate_lift_low,
        round(compared.rate_lift + compared.rate_up, 6) as rate_lift_high,
        cast(compared.treatment_net_fen as bigint) as treatment_net_fen,
        cast(compared.control_net_fen as bigint) as control_net_fen,
        round(compared.mean_lift, 2) as fen_per_person_lift,
        round(compared.mean_lift - compared.mean_margin, 2) as fen_per_person_lift_low,
        round(compared.mean_lift + compared.mean_margin, 2) as fen_per_person_lift_high
    from compared
    inner join experiments on compared.experiment = experiments.experiment
)

select * from fct_experiment_results
