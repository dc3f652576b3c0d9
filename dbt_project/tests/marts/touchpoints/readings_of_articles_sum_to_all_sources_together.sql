-- The platform tells the readings of each source and, in a row of its own, of all of them. Its books may be odd.
{{ config(severity='warn') }}

with

told as (
    select coalesce(sum(readings), 0) as readings
    from {{ ref('stg_official_account__user_read') }}
),

counted as (
    select coalesce(sum(quantity), 0) as readings
    from {{ ref('int_touchpoints_by_kind') }}
    where channel = 'official_account' and touchpoint_type = 'content_view'
)

select
    told.readings as told_readings,
    counted.readings
from told
cross join counted
where told.readings <> counted.readings
