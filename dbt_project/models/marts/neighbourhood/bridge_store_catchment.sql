-- Grain: one store and one person whose place is within its catchment. Whoever did not agree that their place is used,
-- or took that back on any channel, is in none.
{% set km = var('neighbourhood_rings_km') | last %}
-- Who is within the catchment is in the store's cell or in one beside it: cells are at least so wide and high anywhere
-- in China, where a degree of latitude has more than 110.5 km and one of longitude more than 60 km.
{% set cell_y = 'cast(floor(latitude * 110.5 / ' ~ km ~ ') as integer)' %}
{% set cell_x = 'cast(floor(longitude * 60 / ' ~ km ~ ') as integer)' %}

with

decisions as (select * from {{ ref('int_location_decisions') }}),

accounts as (select * from {{ ref('bridge_account_customer') }}),

consents as (
    select
        one_id,
        min(case when is_granted then 1 else 0 end) as is_granted
    from {{ ref('fct_consents') }}
    where purpose = 'location'
    group by one_id
),

open_stores as (
    select * from {{ ref('dim_stores') }}
    where
        longitude is not null
        and latitude is not null
        and is_listed
        and (closed_on is null or closed_on > {{ business_date() }})
),

-- Where the account that spoke last was.
places as (
    select
        accounts.one_id,
        decisions.longitude,
        decisions.latitude,
        row_number() over (
            partition by accounts.one_id order by decisions.decided_at desc, accounts.account_key asc
        ) as place
    from decisions
    inner join accounts
        on
            decisions.account_type = accounts.account_type
            and decisions.scope = accounts.scope
            and decisions.account_id = accounts.account_id
    inner join consents on accounts.one_id = consents.one_id and consents.is_granted = 1
    where decisions.is_granted and decisions.longitude is not null and decisions.latitude is not null
),

people as (
    select
        *,
        {{ cell_x }} as cell_x,
        {{ cell_y }} as cell_y
    from places
    where place = 1
),

shifts as (
    {% for shift in [-1, 0, 1] %}
        select {{ shift }} as shift
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

stores as (
    select
        open_stores.*,
        {{ cell_x }} + shifts_x.shift as cell_x,
        {{ cell_y }} + shifts_y.shift as cell_y
    from open_stores
    cross join shifts as shifts_x
    cross join shifts as shifts_y
),

measured as (
    select
        stores.store_code,
        people.one_id,
        {{ distance_metres('people.longitude', 'people.latitude', 'stores.longitude', 'stores.latitude') }}
            as distance_metres
    from people
    inner join stores on people.cell_x = stores.cell_x and people.cell_y = stores.cell_y
),

bridge_store_catchment as (
    select
        store_code,
        one_id,
        distance_metres,
        case
            {% for ring in var('neighbourhood_rings_km') %}
                when distance_metres <= {{ ring * 1000 }} then {{ ring }}
            {% endfor %}
        end as within_km,
        row_number() over (partition by one_id order by distance_metres, store_code) = 1 as is_nearest
    from measured
    where distance_metres <= {{ km * 1000 }}
)

select * from bridge_store_catchment
