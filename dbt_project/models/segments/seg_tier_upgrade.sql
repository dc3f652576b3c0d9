-- Grain: one member who lacks little to the next tier.
{{ config(meta={
    'why': 'Whoever is nearly there buys what is missing once they know how much it is.',
    'owner': 'crm',
    'purpose': 'marketing',
    'channels': ['wecom_broadcast', 'in_app_popup', 'jpush', 'getui'],
    'templates': {
        'wecom_broadcast': '您好，再消费{missing_yuan}元就可以升级会员等级啦，升级后的权益我可以发给您看看。',
        'in_app_popup': '会员升级\n\n再消费{missing_yuan}元即可升级会员等级，点击查看升级后的权益。',
        'jpush': '再消费{missing_yuan}元即可升级会员等级，点击查看升级后的权益。',
        'getui': '再消费{missing_yuan}元即可升级会员等级，点击查看升级后的权益。',
    },
    'consent': 'marketing',
    'holdout': 0.1,
    'cap': {'days': 30, 'messages': 1},
    'send_window': ['09:00', '20:00'],
    'priority': 90,
    'sources': ['tmall', 'store'],
    'act_version': 1,
    'size_band': {'min': 0, 'max': 50000, 'change': 1.0},
}) }}

with

customers as (
    select * from {{ ref('dim_customers') }}
    where is_store_member and not is_minor
),

orders as (
    select * from {{ ref('fct_orders') }}
    where
        is_paid
        and ordered_on > {{ business_date() }} - {{ var('tier_days') }}
        and ordered_on <= {{ business_date() }}
),

spent as (
    select
        one_id,
        sum(net_fen) as net_fen
    from orders
    group by one_id
    having sum(net_fen) > 0
),

missing as (
    select
        customers.one_id,
        case
            {% for fen in var('tier_spend_fen') %}
                when spent.net_fen < {{ fen }} then {{ fen }} - spent.net_fen
            {% endfor %}
        end as missing_fen
    from customers
    inner join spent on customers.one_id = spent.one_id
),

-- A fen too little is not enough: whole yuan, rounded up.
nearly_there as (
    select
        one_id,
        cast(cast(ceil(missing_fen / 100.0) as bigint) as text) as missing_yuan
    from missing
    where missing_fen <= {{ var('tier_near_fen') }}
)

select * from nearly_there
