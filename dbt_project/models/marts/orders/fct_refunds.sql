-- Grain: one refund that succeeded, or one line that a store took back, of an order in fct_orders.
{{ config(materialized='kept', key='order_key', scope='int_changed__orders', indexes=[
    {'columns': ['order_key']}, {'columns': ['record_id']},
]) }}
{% set admitted = ['tmall', 'jd', 'douyin_shop', 'youzan', 'wechat_store', 'pinduoduo', 'store'] %}

with

refunds as (
    {% for source in admitted %}
        select
            record_id,
            refund_key,
            order_key,
            line_key,
            channel,
            store_code,
            refunded_at,
            amount_fen
        from {{ ref('int_refunds__' ~ source) }}
        {{ where_changed('order_key', ref('int_changed__orders')) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

fct_refunds as (
    select
        refund_key,
        order_key,
        line_key,
        channel,
        store_code,
        refunded_at,
        {{ shanghai_date('refunded_at') }} as refunded_on,
        cast(amount_fen as bigint) as amount_fen,
        record_id
    from refunds
)

select * from fct_refunds
