-- Whoever looks a kept One-ID up finds it here or in the customers, never in both.
with

former as (select * from {{ ref('bridge_one_id_alias') }}),

customers as (select * from {{ ref('dim_customers') }})

select former.one_id_old
from former
inner join customers on former.one_id_old = customers.one_id
