-- Grain: one person who ordered again within the week after having lapsed.
{{ config(meta={
    'why': 'Somebody came back after half a year: say that it was noticed, before the parcel is forgotten.',
    'owner': 'crm',
    'purpose': 'marketing',
    'channels': ['wecom_broadcast', 'official_account_mass', 'email_smtp'],
    'templates': {
        'wecom_broadcast': '您好，很高兴又见到您！这次选的如果有任何问题，随时找我，会员权益一直为您保留着。',
        'official_account_mass': '欢迎回来！您的会员权益一直为您保留着，到店或在小程序出示会员码即可使用。',
        'email_smtp': '欢迎回来\n\n很高兴又见到您。您的会员权益一直为您保留着，到店或在小程序出示会员码即可使用。',
    },
    'consent': 'marketing',
    'holdout': 0.1,
    'cap': {'days': 30, 'messages': 1},
    'send_window': ['09:00', '20:00'],
    'priority': 60,
    'sources': ['tmall', 'store'],
    'act_version': 1,
    'size_band': {'min': 0, 'max': 20000, 'change': 2.0},
}) }}

with

customers as (
    select * from {{ ref('dim_customers') }}
    where not is_minor
),

lifecycles as (select * from {{ ref('dim_customer_lifecycle') }}),

won_back as (
    select customers.one_id
    from customers
    inner join lifecycles on customers.one_id = lifecycles.one_id
    where
        lifecycles.state = 'won_back'
        and lifecycles.state_since_on between {{ business_date() }} - 6 and {{ business_date() }}
)

select * from won_back
