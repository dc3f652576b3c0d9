-- Grain: one person whose refund was paid or whose ticket was solved on the business date, and who has no ticket open.
{{ config(meta={
    'why': 'Somebody whose trouble was settled hears once that it was, and where to turn if it was not.',
    'owner': 'service',
    'purpose': 'service',
    'channels': ['wecom_broadcast', 'official_account_template', 'aliyun_sms', 'tencent_sms'],
    'templates': {
        'wecom_broadcast': '您好，您的售后已处理完成。给您添麻烦了，如果还有没解决的地方，直接回复我就好。',
        'official_account_template': 'TM_AFTER_SALES',
        'aliyun_sms': 'SMS_480010003',
        'tencent_sms': '2480003',
    },
    'consent': 'service',
    'holdout': 0.0,
    'cap': {'days': 7, 'messages': 1},
    'send_window': ['09:00', '21:00'],
    'priority': 40,
    'sources': ['tmall', 'store', 'service_desk'],
    'act_version': 1,
    'size_band': {'min': 0, 'max': 20000, 'change': 5.0},
}) }}

with

orders as (select * from {{ ref('fct_orders') }}),

refunds as (select * from {{ ref('fct_refunds') }}),

tickets as (
    select * from {{ ref('fct_service_cases') }}
    where case_type = 'ticket' and one_id is not null
),

settled as (
    select orders.one_id
    from refunds
    inner join orders on refunds.order_key = orders.order_key
    where refunds.refunded_on = {{ business_date() }} and orders.one_id is not null
    union all
    select one_id
    from tickets
    where status = 'solved' and {{ shanghai_date('updated_at') }} = {{ business_date() }}
),

-- Somebody who is still being talked to is not told that all is well.
in_talks as (
    select one_id
    from tickets
    where status <> 'solved'
    group by one_id
),

to_be_told as (
    select settled.one_id
    from settled
    left join in_talks on settled.one_id = in_talks.one_id
    where in_talks.one_id is null
    group by settled.one_id
)

select * from to_be_told
