-- Grain: one line of an order in fct_orders. What was paid for the order is shared out over its lines to the fen, by
-- what the platform says of each line, or evenly where it says nothing.
{{ config(materialized='kept', key='order_key', scope='int_changed__orders', indexes=[
    {'columns': ['order_key']}, {'columns': ['record_id']}, {'columns': ['one_id']},
]) }}
{% set admitted = ['tmall', 'jd', 'douyin_shop', 'youzan', 'wechat_store', 'pinduoduo', 'store'] %}

with

lines as (
    {% for source in admitted %}
        select
            record_id,
            line_key,
            order_key,
            product_key,
            title,
            quantity,
            weight_fen
        from {{ ref('int_order_lines__' ~ source) }}
        {{ where_changed('order_key', ref('int_changed__orders')) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

orders as (
    select * from {{ ref('fct_orders') }}
    {{ where_changed('order_key', ref('int_changed__orders')) }}
),

codes as (select * from {{ ref('product_codes') }}),

weighted as (
    select
        *,
        case
            when sum(weight_fen) over (partition by order_key) > 0 then coalesce(weight_fen, 0)
            else 1
        end as weight
    from lines
),

-- Shares are differences of rounded running sums, so that they add up to the whole.
running as (
    select
        *,
        sum(weight) over (partition by order_key order by line_key rows unbounded preceding) as weight_until,
        sum(weight) over (partition by order_key) as weight_of_all
    from weighted
),

fct_order_lines as (
    select
        running.line_key,
        running.order_key,
        orders.one_id,
        orders.channel,
        orders.ordered_on,
        running.title,
        cast(running.quantity as numeric) as quantity,
        cast(
            floor(orders.gross_fen * running.weight_until / running.weight_of_all)
            - floor(orders.gross_fen * (running.weight_until - running.weight) / running.weight_of_all)
            as bigint
        ) as gross_fen,
        running.record_id,
        coalesce(codes.product_key, running.product_key) as product_key
    from running
    inner join orders on running.order_key = orders.order_key
    left join codes on running.product_key = codes.code
)

select * from fct_order_lines
