-- Grain: one person whose only order is one to three weeks old and was kept.
{{ config(meta={
    'why': 'The second order is the hardest: who makes it stays. The week after the parcel is the time to ask for it.',
    'owner': 'crm',
    'purpose': 'marketing',
    'channels': ['wecom_broadcast', 'official_account_mass', 'jpush', 'getui'],
    'templates': {
        'wecom_broadcast': '您好，上次选的用着还合适吗？和它搭配的几款我给您整理好了，需要的话直接回复我。',
        'official_account_mass': '上次选的用着还合适吗？和它搭配的几款已放进会员中心，欢迎来看看。',
        'jpush': '上次选的用着还合适吗？和它搭配的几款已放进会员中心。',
        'getui': '上次选的用着还合适吗？和它搭配的几款已放进会员中心。',
    },
    'audiences': ['youzan_tag'],
    'consent': 'marketing',
    'holdout': 0.1,
    'cap': {'days': 14, 'messages': 1},
    'send_window': ['09:00', '20:00'],
    'priority': 80,
    'sources': ['tmall', 'store'],
    'act_version': 1,
    'size_band': {'min': 0, 'max': 100000, 'change': 1.0},
}) }}

with

customers as (
    select * from {{ ref('dim_customers') }}
    where not is_minor
),

-- Whoever gave everything back has had no first order.
first_timers as (
    select one_id
    from customers
    where
        orders_count = 1
        and net_revenue_fen > 0
        and first_order_on between {{ business_date() }} - 21 and {{ business_date() }} - 7
)

select * from first_timers
