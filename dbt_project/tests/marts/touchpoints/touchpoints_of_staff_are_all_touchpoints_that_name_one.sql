with

told as (
    select count(*) as touchpoints
    from {{ ref('fct_touchpoints') }}
    where staff_code is not null
),

of_staff as (
    select coalesce(sum(served.touchpoints), 0) as touchpoints
    from {{ ref('int_touchpoints_by_staff') }} as served
    inner join {{ ref('dim_staff') }} as staff on served.staff_code = staff.staff_code
)

select
    told.touchpoints as touchpoints_told,
    of_staff.touchpoints
from told
cross join of_staff
where told.touchpoints <> of_staff.touchpoints
