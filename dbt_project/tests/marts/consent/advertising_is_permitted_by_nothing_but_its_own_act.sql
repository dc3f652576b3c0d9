-- Whoever may be told to an advertising platform said so in a list of consents; no other act is asked.
with

consents as (
    select * from {{ ref('fct_consents') }}
    where purpose = 'advertising' and is_granted
),

decisions as (
    select one_id
    from {{ ref('int_consent_decisions') }}
    where act = 'advertising_consent' and is_granted
    group by one_id
)

select consents.one_id
from consents
left join decisions on consents.one_id = decisions.one_id
where decisions.one_id is null
