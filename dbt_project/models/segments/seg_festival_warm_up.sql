-- Grain: one person who ordered in the last edition of the promotion that begins on the day after.
{{ config(meta={
    'why': 'Whoever bought at the last Double 11 hears first of this one, once, on the day it begins.',
    'owner': 'crm',
    'purpose': 'marketing',
    'channels': ['wecom_group', 'official_account_mass', 'wecom_broadcast', 'file_export'],
    'templates': {
        'wecom_group': '{promotion_name}开始啦，会员提前选购的清单已放进小程序，先到先得。',
        'official_account_mass': '{promotion_name}开始啦，会员提前选购的清单已放进小程序，先到先得。',
        'wecom_broadcast': '{promotion_name}开始啦，会员提前选购的清单已放进小程序，需要我帮您挑选吗？',
        'file_export': '{promotion_name}开始啦，会员提前选购的清单已放进小程序。',
    },
    'consent': 'marketing',
    'holdout': 0.0,
    'cap': {'days': 7, 'messages': 1},
    'send_window': ['09:00', '20:00'],
    'priority': 120,
    'sources': ['tmall', 'store'],
    'act_version': 1,
    'size_band': {'min': 0, 'max': 500000, 'change': 10.0},
}) }}

with

customers as (
    select * from {{ ref('dim_customers') }}
    where not is_minor
),

dates as (
    select * from {{ ref('dim_date') }}
    where promotion is not null
),

orders as (
    select * from {{ ref('fct_orders') }}
    where is_paid and ordered_on <= {{ business_date() }} and ordered_on > {{ business_date() }} - 400
),

-- A short promotion within a long one does not let the long one begin again.
running as (
    select promotion
    from dates
    where date_on between {{ business_date() }} - 30 and {{ business_date() }}
    group by promotion
),

beginning as (
    select
        dates.promotion,
        dates.promotion_name
    from dates
    left join running on dates.promotion = running.promotion
    where dates.date_on = {{ business_date() }} + 1 and running.promotion is null
),

buyers as (
    select
        orders.one_id,
        beginning.promotion_name
    from orders
    inner join dates on orders.ordered_on = dates.date_on
    inner join beginning on dates.promotion = beginning.promotion
    group by orders.one_id, beginning.promotion_name
),

warmed_up as (
    select
        customers.one_id,
        buyers.promotion_name
    from customers
    inner join buyers on customers.one_id = buyers.one_id
)

select * from warmed_up
