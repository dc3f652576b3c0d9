-- Longitude and latitude are easily exchanged.
{{ config(severity='warn') }}

select store_code
from {{ ref('dim_stores') }}
where
    longitude not between 73 and 136
    or latitude not between 3 and 54
