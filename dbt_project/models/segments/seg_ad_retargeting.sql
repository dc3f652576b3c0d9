-- Grain: one person who looked an article up or put it into a cart within two weeks and has bought nothing for a month.
{{ config(meta={
    'why': 'Advertising follows who looked and did not buy, and leaves everybody alone who bought meanwhile.',
    'owner': 'advertising',
    'purpose': 'marketing',
    'channels': [],
    'templates': {},
    'audiences': ['tencent_ads_audience', 'ocean_engine_audience'],
    'consent': 'advertising',
    'holdout': 0.1,
    'cap': {'days': 1, 'messages': 1},
    'send_window': ['09:00', '20:00'],
    'priority': 200,
    'sources': ['tracking', 'tmall', 'store'],
    'act_version': 1,
    'size_band': {'min': 0, 'max': 1000000, 'change': 1.0},
}) }}

with

customers as (
    select * from {{ ref('dim_customers') }}
    where not is_minor
),

lookers as (
    select one_id
    from {{ ref('fct_touchpoints') }}
    where
        touchpoint_type in ('product_view', 'search', 'add_to_cart')
        and occurred_on between {{ business_date() }} - 13 and {{ business_date() }}
    group by one_id
),

still_looking as (
    select customers.one_id
    from customers
    inner join lookers on customers.one_id = lookers.one_id
    where customers.last_order_on is null or customers.last_order_on <= {{ business_date() }} - 30
)

select * from still_looking
