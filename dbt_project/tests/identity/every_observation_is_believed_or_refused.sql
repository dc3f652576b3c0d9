-- Evidence never vanishes: it is an edge, or a refusal with its reason. An attribute is neither; it only contradicts.

with observations as (
    select * from {{ ref('int_identity__observations') }}
),

verdicts as (
    select
        account_key,
        identifier_key
    from {{ ref('int_identity__edges') }}
    union
    select
        account_key,
        identifier_key
    from {{ ref('int_identity__refusals') }}
)

select
    observations.account_key,
    observations.identifier_type
from observations
inner join {{ ref('identity_identifier_types') }} as types
    on observations.identifier_type = types.identifier_type and types.kind <> 'attribute'
left join verdicts
    on
        observations.account_key = verdicts.account_key
        and observations.identifier_key = verdicts.identifier_key
where verdicts.account_key is null
