-- Grain: one experiment with its arms side by side. Contaminated people are counted and left out.
{% set arms = ['treatment', 'control'] %}

with

people as (select * from {{ ref('fct_experiment_people') }}),

int_experiment_arms as (
    select
        experiment,
        {% for arm in arms %}
            {% set counts = "arm = '" ~ arm ~ "' and not is_contaminated" %}
            count(case when {{ counts }} then 1 end) as {{ arm }}_people,
            count(case when {{ counts }} and messages_count > 0 then 1 end) as {{ arm }}_exposed,
            count(case when {{ counts }} and orders_count > 0 then 1 end) as {{ arm }}_converted,
            sum(case when {{ counts }} then net_fen else 0 end) as {{ arm }}_net_fen,
            sum(case when {{ counts }} then cast(net_fen as numeric) * net_fen else 0 end) as {{ arm }}_squares,
        {% endfor %}
        count(case when is_contaminated then 1 end) as contaminated,
        max(outcome_until_on) as outcome_until_on
    from people
    group by experiment
)

select * from int_experiment_arms
