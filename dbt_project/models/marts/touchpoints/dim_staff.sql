-- Grain: one member of staff whom WeCom lists or who served somebody. Where they serve most is their store.
with

listed as (select * from {{ ref('stg_wecom__staff') }}),

served as (select * from {{ ref('int_touchpoints_by_staff') }}),

people as (
    select staff_userid as staff_code from listed
    union
    select staff_code from served
),

stores as (
    select
        staff_code,
        store_code,
        row_number() over (partition by staff_code order by touchpoints desc, store_code asc) as place
    from served
    where store_code <> ''
),

dim_staff as (
    select
        people.staff_code,
        stores.store_code,
        -- Without WeCom nobody says who still works here.
        case
            when people.staff_code in (select listed.staff_userid from listed) then true
            when exists (select 1 from listed) then false
        end as is_active
    from people
    left join stores
        on
            people.staff_code = stores.staff_code
            and stores.place = 1
)

select * from dim_staff
