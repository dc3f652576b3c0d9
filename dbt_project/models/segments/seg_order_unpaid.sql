-- Grain: one person whose order of the business date or the day before waits to be paid, and who paid no other since.
{{ config(meta={
    'why': 'Whoever placed an order wanted it; one word before it closes, to those who forgot or were held up.',
    'owner': 'crm',
    'purpose': 'marketing',
    'channels': ['subscription_message', 'jpush', 'getui', 'in_app_popup', 'wecom_broadcast'],
    'templates': {
        'subscription_message': 'SUB_ORDER_UNPAID',
        'jpush': '您下单的{product}还没有付款，如已付款请忽略。',
        'getui': '您下单的{product}还没有付款，如已付款请忽略。',
        'in_app_popup': '订单待付款\n\n您下单的{product}还没有付款，如已付款请忽略。',
        'wecom_broadcast': '您好，您下单的{product}还没有付款，需要我帮您确认规格或送货时间吗？如已付款请忽略～',
    },
    'consent': 'marketing',
    'holdout': 0.1,
    'cap': {'days': 7, 'messages': 1},
    'send_window': ['09:00', '20:00'],
    'priority': 45,
    'sources': ['tmall', 'douyin_shop', 'youzan', 'wechat_store', 'inventory'],
    'act_version': 1,
    'size_band': {'min': 0, 'max': 50000, 'change': 3.0},
}) }}

with

customers as (
    select * from {{ ref('dim_customers') }}
    where not is_minor
),

orders as (
    select * from {{ ref('fct_orders') }}
    where is_paid
),

scores as (select * from {{ ref('mart_product_scores') }}),

-- Who ordered in the last hour of the day may be paying while the night runs; the next one sees.
ranked_unpaid as (
    select
        one_id,
        product_key,
        title,
        placed_at,
        row_number() over (partition by one_id order by placed_at desc, order_key asc) as place
    from {{ ref('fct_unpaid_orders') }}
    where
        placed_on >= {{ business_date() }} - 1
        and placed_at < {{ dbt.dateadd('hour', 23, start_of_day(business_date())) }}
),

last_orders as (
    select
        one_id,
        max(ordered_at) as ordered_at
    from orders
    group by one_id
),

order_unpaid as (
    select
        customers.one_id,
        {{ short_title('ranked_unpaid.title') }} as product,
        coalesce(scores.is_offered, false) as is_in_stock
    from customers
    inner join ranked_unpaid on customers.one_id = ranked_unpaid.one_id and ranked_unpaid.place = 1
    left join scores on ranked_unpaid.product_key = scores.product_key
    left join last_orders on customers.one_id = last_orders.one_id
    where last_orders.ordered_at is null or last_orders.ordered_at < ranked_unpaid.placed_at
)

select * from order_unpaid
