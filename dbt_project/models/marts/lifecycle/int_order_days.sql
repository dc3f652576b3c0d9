-- Grain: one known person and one day on which they paid orders, between the one before and the next.
{{ config(materialized='kept', key='one_id', scope='int_changed__customers') }}

with

all_orders as (
    select * from {{ ref('fct_orders') }}
    {{ where_changed('one_id', ref('int_changed__customers')) }}
),

lines as (
    select * from {{ ref('fct_order_lines') }}
    {{ where_changed('one_id', ref('int_changed__customers')) }}
),

orders as (
    select * from all_orders
    where is_paid and one_id is not null
),

ranked_orders as (
    select
        *,
        row_number() over (partition by one_id, ordered_on order by ordered_at, order_key) as order_rank
    from orders
),

ranked_lines as (
    select
        orders.one_id,
        orders.ordered_on,
        lines.product_key,
        row_number() over (
            partition by orders.one_id, orders.ordered_on order by lines.gross_fen desc, lines.line_key asc
        ) as line_rank
    from orders
    inner join lines on orders.order_key = lines.order_key
    where lines.product_key is not null
),

days as (
    select
        ranked_orders.one_id,
        ranked_orders.ordered_on,
        coalesce(ranked_lines.product_key, '') as product_key,
        count(*) as orders_count,
        -- An amount that a platform leaves out is told by the tests of orders; a sum must not be lost over it.
        sum(coalesce(ranked_orders.net_fen, 0)) as net_fen,
        min(case when ranked_orders.order_rank = 1 then ranked_orders.channel end) as channel
    from ranked_orders
    left join ranked_lines
        on
            ranked_orders.one_id = ranked_lines.one_id
            and ranked_orders.ordered_on = ranked_lines.ordered_on
            and ranked_lines.line_rank = 1
    group by ranked_orders.one_id, ranked_orders.ordered_on, coalesce(ranked_lines.product_key, '')
),

int_order_days as (
    select
        one_id,
        ordered_on,
        product_key as category,
        channel,
        cast(orders_count as bigint) as orders_count,
        cast(net_fen as bigint) as net_fen,
        lag(ordered_on) over (partition by one_id order by ordered_on) as previous_on,
        lead(ordered_on) over (partition by one_id order by ordered_on) as next_on,
        first_value(ordered_on) over (partition by one_id order by ordered_on) as first_on,
        first_value(channel) over (partition by one_id order by ordered_on) as first_channel,
        first_value(product_key) over (partition by one_id order by ordered_on) as first_product_key
    from days
)

select * from int_order_days
