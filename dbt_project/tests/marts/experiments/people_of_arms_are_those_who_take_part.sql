with

results as (select * from {{ ref('fct_experiment_results') }}),

people as (
    select
        experiment,
        count(*) as people
    from {{ ref('fct_experiment_people') }}
    group by experiment
)

select people.experiment
from people
full outer join results on people.experiment = results.experiment
where people.people is distinct from results.treatment_people + results.control_people + results.contaminated
