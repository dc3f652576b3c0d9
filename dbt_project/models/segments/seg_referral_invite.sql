-- Grain: one person who orders again and again, complains of nothing and has brought nobody yet.
{{ config(meta={
    'why': 'Content buyers bring others when they are asked; whoever has cause to complain is not asked.',
    'owner': 'crm',
    'purpose': 'marketing',
    'channels': ['wecom_broadcast', 'in_app_popup', 'official_account_mass'],
    'templates': {
        'wecom_broadcast': '您好，感谢一直以来的支持！身边有朋友也需要的话，您的专属邀请海报在小程序里，邀请成功双方都有礼遇。',
        'in_app_popup': '邀请有礼\n\n您的专属邀请海报已生成，邀请成功双方都有礼遇。',
        'official_account_mass': '感谢一直以来的支持！您的专属邀请海报在小程序里，邀请成功双方都有礼遇。',
    },
    'consent': 'marketing',
    'holdout': 0.1,
    'cap': {'days': 30, 'messages': 1},
    'send_window': ['09:00', '20:00'],
    'priority': 130,
    'sources': ['tmall', 'store', 'loyalty', 'service_desk'],
    'act_version': 1,
    'size_band': {'min': 0, 'max': 100000, 'change': 1.0},
}) }}

with

customers as (
    select * from {{ ref('dim_customers') }}
    where not is_minor
),

inviters as (select * from {{ ref('mart_referral_inviters') }}),

-- Stars and satisfaction go from 1 to 5; of a survey, up to 6 of 10 is a detractor (Net Promoter Score).
discontent as (
    select one_id
    from {{ ref('fct_service_cases') }}
    where
        one_id is not null
        and opened_on > {{ business_date() }} - 90
        and (score <= 2 or (case_type = 'survey' and score <= 6) or (case_type = 'ticket' and status <> 'solved'))
    group by one_id
),

content_buyers as (
    select customers.one_id
    from customers
    left join inviters on customers.one_id = inviters.one_id
    left join discontent on customers.one_id = discontent.one_id
    where
        customers.orders_count >= 2
        and customers.last_order_on > {{ business_date() }} - 30
        and inviters.one_id is null
        and discontent.one_id is null
)

select * from content_buyers
