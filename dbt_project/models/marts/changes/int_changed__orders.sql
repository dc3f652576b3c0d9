-- Grain: one order to be made again: a record of it changed, or whose account it is. A return that finds its sale, or
-- loses it, goes from one order to another: both. Empty when the marts are built anew.
{% set admitted = ['tmall', 'store'] %}

with

records as (select * from {{ ref('int_changed__records') }}),

accounts as (select * from {{ ref('int_changed__accounts') }}),

told as (
    {% for source in admitted %}
        {% for feed in ['orders', 'order_lines', 'refunds'] %}
            select order_key
            from {{ ref('int_' ~ feed ~ '__' ~ source) }}
            where record_id in (select records.record_id from records)
            {% if not loop.last %}union all{% endif %}
        {% endfor %}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
    {% if is_delta() %}
        union all
        select order_key from {{ last_mart('fct_orders') }}
        where account_key in (select accounts.account_key from accounts)
        union all
        select order_key from {{ last_mart('fct_order_lines') }}
        where record_id in (select records.record_id from records)
        union all
        select order_key from {{ last_mart('fct_refunds') }}
        where record_id in (select records.record_id from records)
    {% endif %}
),

refunds as (
    {% for source in admitted %}
        select
            refund_key,
            order_key
        from {{ ref('int_refunds__' ~ source) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

changed as (
    select order_key from told
    {% if is_delta() %}
        union
        select known.order_key
        from {{ last_mart('fct_refunds') }} as known
        inner join refunds on known.refund_key = refunds.refund_key
        where refunds.order_key in (select told.order_key from told)
        union
        select refunds.order_key
        from refunds
        inner join {{ last_mart('fct_refunds') }} as known on refunds.refund_key = known.refund_key
        where known.order_key in (select told.order_key from told)
    {% endif %}
)

select distinct order_key from changed
where {{ is_delta() }}
