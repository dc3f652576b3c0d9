-- Grain: one member of staff and store, empty where the act names none, with how many touchpoints.
{{ config(materialized='tally', key=['staff_code', 'store_code'], count='touchpoints') }}

select
    staff_code,
    coalesce(store_code, '') as store_code,
    sum(sign) as touchpoints
from {{ changes_of(ref('fct_touchpoints')) }} as touchpoints
where staff_code is not null
group by staff_code, coalesce(store_code, '')
