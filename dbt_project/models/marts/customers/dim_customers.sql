-- Grain: one person (One-ID).
{{ config(materialized='kept', key='one_id', scope='int_changed__lifecycles') }}

with

profiles as (
    select * from {{ ref('int_profiles') }}
    {{ where_changed('one_id', ref('int_changed__lifecycles')) }}
),

lifecycles as (
    select * from {{ ref('dim_customer_lifecycle') }}
    {{ where_changed('one_id', ref('int_changed__lifecycles')) }}
),

orders as (
    select * from {{ ref('fct_orders') }}
    {{ where_changed('one_id', ref('int_changed__lifecycles')) }}
),

last_store_orders as (
    select
        one_id,
        store_code,
        row_number() over (partition by one_id order by ordered_at desc, order_key asc) as order_rank
    from orders
    where one_id is not null and channel = 'store' and is_paid
),

revenue as (
    select
        one_id,
        min(case when is_paid then ordered_on end) as first_order_on,
        max(case when is_paid then ordered_on end) as last_order_on,
        sum(case when is_paid then 1 else 0 end) as orders_count,
        sum(net_fen) as net_revenue_fen
    from orders
    where one_id is not null
    group by one_id
),

dim_customers as (
    select
        profiles.one_id,
        profiles.first_seen_on,
        profiles.last_seen_on,
        profiles.is_store_member,
        profiles.is_tmall_buyer,
        profiles.birthday_mmdd,
        profiles.lunar_birthday_mmdd,
        revenue.first_order_on,
        revenue.last_order_on,
        profiles.accounts_count,
        profiles.identifiers_count,
        profiles.has_phone,
        profiles.is_follower,
        profiles.is_wecom_contact,
        profiles.is_reachable_by_sms,
        profiles.is_reachable_by_wecom,
        profiles.is_reachable_by_official_account,
        profiles.is_minor,
        profiles.tier,
        lifecycles.state as lifecycle,
        cast(coalesce(revenue.orders_count, 0) as bigint) as orders_count,
        cast(coalesce(revenue.net_revenue_fen, 0) as bigint) as net_revenue_fen,
        coalesce(profiles.registered_store, last_store_orders.store_code) as home_store,
        revenue.one_id is not null or profiles.has_traded_on_tmall as has_bought
    from profiles
    inner join lifecycles on profiles.one_id = lifecycles.one_id
    left join revenue on profiles.one_id = revenue.one_id
    left join last_store_orders
        on
            profiles.one_id = last_store_orders.one_id
            and last_store_orders.order_rank = 1
)

select * from dim_customers
