-- Grain: one person whose last order is one order cycle old.
{{ config(meta={
    'why': 'Regular buyers order again after 18 to 32 days; a reminder in that time, once per cycle, beats none.',
    'owner': 'crm',
    'purpose': 'marketing',
    'channels': ['wecom_broadcast', 'official_account_mass', 'aliyun_sms'],
    'templates': {
        'wecom_broadcast': '您好，距您上次选购已有一段时间，常用的可以补货了。需要我帮您配齐送到家吗？直接回复我就好～',
        'official_account_mass': '常用的快用完了吗？打开会员中心查看您的补货清单，本周内下单由就近门店为您配送。',
        'aliyun_sms': 'SMS_480010001',
    },
    'consent': 'marketing',
    'holdout': 0.1,
    'cap': {'days': 15, 'messages': 1},
    'send_window': ['09:00', '20:00'],
    'priority': 20,
    'sources': ['tmall', 'store'],
    'act_version': 1,
    'size_band': {'min': 1, 'max': 100000, 'change': 0.5},
}) }}

with

customers as (
    select * from {{ ref('dim_customers') }}
    where not is_minor
),

due as (
    select one_id
    from customers
    where
        last_order_on between
        {{ business_date() }} - 32
        and {{ business_date() }} - 18
)

select * from due
