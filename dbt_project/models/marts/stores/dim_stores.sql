-- Grain: one store, by the directory that the stores send or, where there is none, by the tills' database.
with

directory as (select * from {{ ref('stg_store__stores') }}),

branches as (select * from {{ ref('stg_store_db__branches') }}),

stores as (
    select
        brand,
        store_code,
        store_name,
        province,
        city,
        district,
        longitude,
        latitude,
        opened_on,
        closed_on,
        is_listed,
        1 as place
    from directory
    union all
    select
        brand,
        store_code,
        store_name,
        cast(null as text) as province,
        cast(null as text) as city,
        cast(null as text) as district,
        cast(null as numeric) as longitude,
        cast(null as numeric) as latitude,
        cast(null as date) as opened_on,
        cast(null as date) as closed_on,
        true as is_listed,
        2 as place
    from branches
),

ranked as (
    select
        *,
        row_number() over (partition by store_code order by place, brand) as store_rank
    from stores
),

dim_stores as (
    select
        store_code,
        brand,
        store_name,
        province,
        city,
        district,
        longitude,
        latitude,
        opened_on,
        closed_on,
        is_listed
    from ranked
    where store_rank = 1
)

select * from dim_stores
