-- Grain: one person who followed or added us within seven days, is still there and has never bought.
{{ config(meta={
    'why': 'The week after a follow is when a new fan decides; say hello with what most people buy first.',
    'owner': 'crm',
    'purpose': 'marketing',
    'channels': ['official_account_mass', 'wecom_broadcast'],
    'templates': {
        'official_account_mass': '欢迎来到全域！新朋友最常入手的三款在这里，首单包邮，七天无理由退换。',
        'wecom_broadcast': '您好，很高兴认识您！不知道从哪款开始的话，这三款是新朋友选得最多的，有问题随时问我～',
    },
    'consent': 'marketing',
    'holdout': 0.1,
    'cap': {'days': 7, 'messages': 1},
    'send_window': ['09:00', '20:00'],
    'priority': 30,
    'sources': ['official_account', 'wecom', 'tmall', 'store'],
    'act_version': 1,
    'size_band': {'min': 1, 'max': 100000, 'change': 0.5},
}) }}

with

customers as (
    select * from {{ ref('dim_customers') }}
    where not is_minor
),

touchpoints as (select * from {{ ref('fct_touchpoints') }}),

-- Seven days with the business date as the last.
new_fans as (
    select one_id
    from touchpoints
    where
        touchpoint_type in ('follow', 'contact_added')
        and occurred_on between
        {{ business_date() }} - 6
        and {{ business_date() }}
    group by one_id
),

never_bought as (
    select customers.one_id
    from customers
    inner join new_fans on customers.one_id = new_fans.one_id
    where
        not customers.has_bought
        and (customers.is_follower or customers.is_wecom_contact)
)

select * from never_bought
