-- An identifier joins: all accounts that identity believes showed it are one person (one per owner's generation).

with edges as (
    select * from {{ ref('int_identity__edges') }}
    where source <> 'steward'
),

components as (
    select * from {{ ref('int_identity__components') }}
)

select
    edges.node_key,
    count(distinct components.one_id) as people
from edges
inner join components on edges.account_key = components.account_key
group by edges.node_key
having count(distinct components.one_id) > 1
