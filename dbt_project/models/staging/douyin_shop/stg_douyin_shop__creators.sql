-- Grain: one row per app and creator who sold something; the name is the one of the latest order.

with orders as (
    select * from {{ ref('stg_douyin_shop__orders') }}
),

lines as (
    select * from {{ ref('stg_douyin_shop__order_lines') }}
    where author_id is not null
),

sales as (
    select
        lines.app,
        lines.author_id,
        lines.author_name,
        lines.order_id,
        lines.room_id,
        orders.created_at,
        row_number() over (
            partition by lines.app, lines.author_id order by orders.created_at desc, lines.sku_order_id asc
        ) as age
    from lines
    inner join orders on lines.app = orders.app and lines.order_id = orders.order_id
),

creators as (
    select
        app,
        author_id,
        max(case when age = 1 then author_name end) as author_name,
        count(distinct order_id) as order_count,
        count(distinct room_id) as room_count,
        min(created_at) as first_ordered_at,
        max(created_at) as last_ordered_at
    from sales
    group by app, author_id
)

select * from creators
