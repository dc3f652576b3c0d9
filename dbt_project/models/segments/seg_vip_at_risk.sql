-- Grain: one person who used to buy much and often and has been at risk for a month at most.
{{ config(meta={
    'why': 'Few buyers bring most of the money; one who falls silent is worth the word of a person.',
    'owner': 'crm',
    'purpose': 'marketing',
    'channels': ['wecom_broadcast', 'aliyun_call', 'aliyun_sms', 'tencent_sms'],
    'templates': {
        'wecom_broadcast': '您好，有一阵子没见到您了。最近有什么需要，或者上次的体验有不满意的地方，都可以直接告诉我。',
        'aliyun_call': 'CALL_VIP_AT_RISK',
        'aliyun_sms': 'SMS_480010004',
        'tencent_sms': '2480004',
    },
    'audiences': ['wecom_tag', 'tmall_group'],
    'consent': 'marketing',
    'holdout': 0.1,
    'cap': {'days': 30, 'messages': 1},
    'send_window': ['10:00', '20:00'],
    'priority': 70,
    'sources': ['tmall', 'store'],
    'act_version': 1,
    'size_band': {'min': 0, 'max': 20000, 'change': 1.0},
}) }}

with

customers as (
    select * from {{ ref('dim_customers') }}
    where not is_minor
),

lifecycles as (select * from {{ ref('dim_customer_lifecycle') }}),

-- Whoever is at risk for longer has had their word, and lapses soon.
vips_at_risk as (
    select customers.one_id
    from customers
    inner join lifecycles on customers.one_id = lifecycles.one_id
    where
        lifecycles.state = 'at_risk'
        and lifecycles.state_since_on > {{ business_date() }} - 30
        and lifecycles.money_score >= 4
        and lifecycles.frequency_score >= 3
)

select * from vips_at_risk
