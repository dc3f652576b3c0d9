with

results as (select * from {{ ref('fct_experiment_results') }}),

people as (
    select
        experiment,
        sum(net_fen) as net_fen
    from {{ ref('fct_experiment_people') }}
    where not is_contaminated
    group by experiment
)

select results.experiment
from results
left join people on results.experiment = people.experiment
where results.treatment_net_fen + results.control_net_fen <> coalesce(people.net_fen, 0)
