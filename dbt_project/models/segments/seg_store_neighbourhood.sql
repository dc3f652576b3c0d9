-- Grain: one person within three kilometres of their nearest store, where they have not bought for half a year.
{{ config(meta={
    'why': 'Whoever agreed to say where they are and has a store round the corner can be invited to it.',
    'owner': 'stores',
    'purpose': 'marketing',
    'channels': ['wecom_broadcast', 'jpush', 'getui', 'official_account_mass'],
    'templates': {
        'wecom_broadcast': '您好，{store_name}就在您附近，到店可以试用和自提，需要我帮您预留吗？',
        'jpush': '{store_name}就在您附近，到店可以试用和自提。',
        'getui': '{store_name}就在您附近，到店可以试用和自提。',
        'official_account_mass': '{store_name}就在您附近，到店可以试用和自提，欢迎来坐坐。',
    },
    'consent': 'marketing',
    'holdout': 0.1,
    'cap': {'days': 30, 'messages': 1},
    'send_window': ['09:00', '20:00'],
    'priority': 110,
    'sources': ['tracking', 'store'],
    'act_version': 1,
    'size_band': {'min': 0, 'max': 50000, 'change': 1.0},
}) }}

with

customers as (
    select * from {{ ref('dim_customers') }}
    where not is_minor
),

-- Only people who agreed that their place is used are in it.
catchments as (
    select * from {{ ref('bridge_store_catchment') }}
    where is_nearest and within_km <= 3
),

stores as (select * from {{ ref('dim_stores') }}),

buyers as (
    select
        one_id,
        store_code
    from {{ ref('fct_orders') }}
    where is_paid and ordered_on > {{ business_date() }} - 180
    group by one_id, store_code
),

neighbours as (
    select
        customers.one_id,
        stores.store_name
    from customers
    inner join catchments on customers.one_id = catchments.one_id
    inner join stores on catchments.store_code = stores.store_code
    left join buyers on customers.one_id = buyers.one_id and catchments.store_code = buyers.store_code
    where buyers.one_id is null
)

select * from neighbours
