-- Grain: one person whose birthday is the day the message goes out.
{{ config(meta={
    'why': 'A greeting on the day itself; the night plans for the day after its business date.',
    'owner': 'crm',
    'purpose': 'care',
    'channels': ['aliyun_sms', 'wecom_broadcast', 'official_account_mass'],
    'templates': {
        'aliyun_sms': 'SMS_480010002',
        'wecom_broadcast': '生日快乐！您的会员生日礼已备好，三十天内到任意门店出示会员码即可领取，祝您新的一岁平安喜乐～',
        'official_account_mass': '祝您生日快乐！会员生日礼已放入卡包，三十天内到任意门店出示会员码即可领取。',
    },
    'consent': 'care',
    'holdout': 0.0,
    'cap': {'days': 1, 'messages': 1},
    'send_window': ['09:00', '20:00'],
    'priority': 10,
    'sources': ['store'],
    'act_version': 1,
    'size_band': {'min': 0, 'max': 20000, 'change': 10.0},
}) }}

with

customers as (
    select * from {{ ref('dim_customers') }}
    where not is_minor
),

greeted_on as (
    select * from {{ ref('dim_date') }}
    where date_on = {{ business_date() }} + 1
),

celebrating as (
    select
        customers.one_id,
        to_char({{ business_date() }} + 31, 'FMMM月FMDD日') as valid_until
    from customers
    cross join greeted_on
    where
        customers.birthday_mmdd = to_char(greeted_on.date_on, 'MMDD')
        -- Born on 29 February: in a year without one the greeting comes on the 28th.
        or (
            customers.birthday_mmdd = '0229'
            and to_char(greeted_on.date_on, 'MMDD') = '0228'
            and to_char(greeted_on.date_on + 1, 'MMDD') = '0301'
        )
        -- A lunar birthday is not kept again in a leap month; the 30th of a month of 29 days is kept on the 29th.
        or (
            not greeted_on.is_leap_month
            and left(customers.lunar_birthday_mmdd, 2) = to_char(greeted_on.lunar_month, 'FM00')
            and (
                right(customers.lunar_birthday_mmdd, 2) = to_char(greeted_on.lunar_day, 'FM00')
                or (
                    right(customers.lunar_birthday_mmdd, 2) = '30'
                    and greeted_on.lunar_day = 29
                    and greeted_on.lunar_month_days = 29
                )
            )
        )
)

select * from celebrating
