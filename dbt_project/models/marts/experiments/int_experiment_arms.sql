-- Grain: one experiment with its arms side by side. Contaminated people are counted and left out.
{% set arms = ['treatment', 'control'] %}

with

people as (select * from {{ ref('fct_experiment_people') }}),

int_experiment_arms as (
    select
        experiment,
        max(outcome_until_on) as outcome_until_on,
        count(case when is_contaminated then 1 end) as contaminated
        {% for arm in arms %}
            , count(case when arm = '{{ arm }}' and not is_contaminated then 1 end) as {{ arm }}_people
            , count(case when arm = '{{ arm }}' and not is_contaminated and messages_count > 0 then 1 end)
            as {{ arm }}_exposed
            , count(case when arm = '{{ arm }}' and not is_contaminated and orders_count > 0 then 1 end)
            as {{ arm }}_converted
            , coalesce(sum(case when arm = '{{ arm }}' and not is_contaminated then net_fen end), 0)
            as {{ arm }}_net_fen
            , coalesce(
                sum(case when arm = '{{ arm }}' and not is_contaminated then cast(net_fen as numeric) * net_fen end), 0
            ) as {{ arm }}_squares
        {% endfor %}
    from people
    group by experiment
)

select * from int_experiment_arms
