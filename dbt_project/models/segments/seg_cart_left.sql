-- Grain: one person who put something into a cart on the business date or the day before and has ordered nothing since.
{{ config(meta={
    'why': 'A cart that was filled and left is the strongest sign of a wish; a reminder the day after, if it can be had.',
    'owner': 'crm',
    'purpose': 'marketing',
    'channels': ['subscription_message', 'jpush', 'getui', 'in_app_popup', 'wecom_broadcast'],
    'templates': {
        'subscription_message': 'SUB_CART_LEFT',
        'jpush': '您挑选的{product}还在购物车里，现在有货。',
        'getui': '您挑选的{product}还在购物车里，现在有货。',
        'in_app_popup': '购物车提醒\n\n您挑选的{product}还在购物车里，现在有货。',
        'wecom_broadcast': '您好，您挑选的{product}还在购物车里，现在有货。需要我帮您确认规格或送货时间吗？',
    },
    'consent': 'marketing',
    'holdout': 0.1,
    'cap': {'days': 7, 'messages': 1},
    'send_window': ['09:00', '20:00'],
    'priority': 50,
    'sources': ['tracking', 'inventory'],
    'act_version': 1,
    'size_band': {'min': 0, 'max': 50000, 'change': 3.0},
}) }}

with

customers as (
    select * from {{ ref('dim_customers') }}
    where not is_minor
),

touchpoints as (select * from {{ ref('fct_touchpoints') }}),

orders as (
    select * from {{ ref('fct_orders') }}
    where is_paid
),

products as (select * from {{ ref('dim_products') }}),

scores as (select * from {{ ref('mart_product_scores') }}),

ranked_carts as (
    select
        one_id,
        product_key,
        occurred_at,
        row_number() over (partition by one_id order by occurred_at desc, touchpoint_key asc) as place
    from touchpoints
    where
        touchpoint_type = 'add_to_cart'
        and product_key is not null
        and occurred_on between {{ business_date() }} - 1 and {{ business_date() }}
),

last_orders as (
    select
        one_id,
        max(ordered_at) as ordered_at
    from orders
    group by one_id
),

carts_left as (
    select
        customers.one_id,
        {{ short_title('products.title') }} as product,
        coalesce(scores.is_offered, false) as is_in_stock
    from customers
    inner join ranked_carts on customers.one_id = ranked_carts.one_id and ranked_carts.place = 1
    inner join products on ranked_carts.product_key = products.product_key
    left join scores on ranked_carts.product_key = scores.product_key
    left join last_orders on customers.one_id = last_orders.one_id
    where last_orders.ordered_at is null or last_orders.ordered_at < ranked_carts.occurred_at
)

select * from carts_left
