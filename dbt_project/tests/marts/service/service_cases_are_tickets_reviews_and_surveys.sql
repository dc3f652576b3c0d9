with

told as (
    select
        (select count(*) from {{ ref('stg_service_desk__tickets') }})
        + (select count(*) from {{ ref('stg_service_desk__reviews') }})
        + (select count(*) from {{ ref('stg_service_desk__surveys') }}) as cases
),

kept as (
    select count(*) as cases
    from {{ ref('fct_service_cases') }}
)

select
    told.cases as cases_told,
    kept.cases
from told
cross join kept
where told.cases <> kept.cases
