-- Two ways to the same answer: the components, and the merges replayed day by day.
-- Today's owner of an identifier, by its spells, is the person of every account that identity believes showed it.

with edges as (
    select * from {{ ref('int_identity__edges') }}
    where source <> 'steward'
),

components as (
    select * from {{ ref('int_identity__components') }}
),

spells as (
    select * from {{ ref('bridge_identifier_customer') }}
    where valid_to is null
)

select
    edges.account_key,
    edges.identifier_type
from edges
inner join components on edges.account_key = components.account_key
inner join spells
    on
        edges.identifier_type = spells.identifier_type
        and edges.identifier_scope = spells.identifier_scope
        and edges.identifier_value = spells.identifier_value
left join {{ ref('int_identity__refusals') }} as refusals
    on
        edges.account_key = refusals.account_key
        and edges.identifier_key = refusals.identifier_key
where components.one_id <> spells.one_id and refusals.account_key is null
