-- Grain: one open store whose place is known and one ring around it; rings do not overlap.
with

catchments as (select * from {{ ref('bridge_store_catchment') }}),

customers as (select * from {{ ref('dim_customers') }}),

stores as (select * from {{ ref('dim_stores') }}),

neighbours as (
    select
        catchments.store_code,
        catchments.within_km,
        catchments.is_nearest,
        coalesce(
            customers.is_reachable_by_sms
            or customers.is_reachable_by_wecom
            or customers.is_reachable_by_official_account,
            false
        ) as is_reachable,
        case
            when customers.home_store = catchments.store_code then 'of_this_store'
            when customers.home_store is not null then 'of_another_store'
            when customers.has_bought then 'online_only'
            else 'not_yet'
        end as belongs
    from catchments
    left join customers on catchments.one_id = customers.one_id
),

rings as (
    {% for ring in var('neighbourhood_rings_km') %}
        select {{ ring }} as within_km
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

mart_store_catchment as (
    select
        stores.store_code,
        rings.within_km,
        count(neighbours.store_code) as people,
        count(case when neighbours.is_nearest then 1 end) as people_nearest_here,
        count(case when neighbours.is_reachable then 1 end) as people_reachable,
        count(case when neighbours.belongs = 'of_this_store' then 1 end) as people_of_this_store,
        count(case when neighbours.belongs = 'of_another_store' then 1 end) as people_of_another_store,
        count(case when neighbours.belongs = 'online_only' then 1 end) as people_online_only,
        count(case when neighbours.belongs = 'not_yet' then 1 end) as people_not_yet
    from stores
    cross join rings
    left join neighbours on stores.store_code = neighbours.store_code and rings.within_km = neighbours.within_km
    where
        stores.longitude is not null
        and stores.latitude is not null
        and stores.is_listed
        and (stores.closed_on is null or stores.closed_on > {{ business_date() }})
    group by stores.store_code, rings.within_km
)

select * from mart_store_catchment
