-- Grain: one row per app and live session that sold something; the platform lists no sessions of their own.

with orders as (
    select * from {{ ref('stg_douyin_shop__orders') }}
),

lines as (
    select * from {{ ref('stg_douyin_shop__order_lines') }}
    where room_id is not null
),

rooms as (
    select
        lines.app,
        lines.room_id,
        max(lines.author_id) as author_id,
        count(distinct lines.order_id) as order_count,
        min(orders.created_at) as first_ordered_at,
        max(orders.created_at) as last_ordered_at
    from lines
    inner join orders on lines.app = orders.app and lines.order_id = orders.order_id
    group by lines.app, lines.room_id
)

select * from rooms
