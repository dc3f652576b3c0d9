-- Grain: one recent buyer and what is bought most with their last article, of another category.
{{ config(meta={
    'why': 'What others bought with it, as long as it can be had: who would be sent to an empty shelf gets nothing.',
    'owner': 'crm',
    'purpose': 'marketing',
    'channels': ['subscription_message', 'wecom_broadcast', 'webhook'],
    'templates': {
        'subscription_message': 'SUB_BACK_IN_STOCK',
        'wecom_broadcast': '您好，和您上次选的常一起买的{product}现在有货，需要我给您留一份吗？',
        'webhook': '和您上次选的常一起买的{product}现在有货。',
    },
    'consent': 'marketing',
    'holdout': 0.1,
    'cap': {'days': 14, 'messages': 1},
    'send_window': ['09:00', '20:00'],
    'priority': 100,
    'sources': ['tmall', 'store', 'inventory'],
    'act_version': 1,
    'size_band': {'min': 0, 'max': 100000, 'change': 1.0},
}) }}

with

customers as (
    select * from {{ ref('dim_customers') }}
    where
        not is_minor
        and last_order_on between {{ business_date() }} - 14 and {{ business_date() }} - 3
),

tastes as (select * from {{ ref('dim_customer_tastes') }}),

pairs as (
    select * from {{ ref('fct_product_pairs') }}
    where is_used
),

products as (select * from {{ ref('dim_products') }}),

scores as (select * from {{ ref('mart_product_scores') }}),

bought as (
    select
        one_id,
        product_key
    from {{ ref('fct_order_lines') }}
    group by one_id, product_key
),

-- By what is bought together and not by what lies there: else everybody is offered what nobody wants.
ranked_offers as (
    select
        customers.one_id,
        {{ short_title('goes_with.title') }} as product,
        coalesce(scores.is_offered, false) as is_in_stock,
        row_number() over (
            partition by customers.one_id order by pairs.confidence desc, pairs.other_key asc
        ) as place
    from customers
    inner join tastes on customers.one_id = tastes.one_id
    inner join pairs on tastes.last_product_key = pairs.product_key
    inner join products on pairs.product_key = products.product_key
    inner join products as goes_with on pairs.other_key = goes_with.product_key
    left join scores on pairs.other_key = scores.product_key
    left join bought on customers.one_id = bought.one_id and pairs.other_key = bought.product_key
    where bought.one_id is null and goes_with.category <> products.category
),

offers as (
    select
        one_id,
        product,
        is_in_stock
    from ranked_offers
    where place = 1
)

select * from offers
