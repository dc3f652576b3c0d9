-- And what nobody likes is not offered to anybody.
with

people as (
    select
        taste_key,
        count(*) as people
    from {{ ref('dim_customer_tastes') }}
    group by taste_key
)

select coalesce(people.taste_key, tastes.taste_key) as taste_key
from people
full outer join {{ ref('int_tastes') }} as tastes on people.taste_key = tastes.taste_key
where coalesce(people.people, 0) <> coalesce(tastes.people, 0)
union all
select selection.taste_key
from {{ ref('mart_product_selection') }} as selection
left join people on selection.taste_key = people.taste_key
where people.taste_key is null
