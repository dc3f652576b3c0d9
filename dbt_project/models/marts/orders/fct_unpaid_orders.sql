-- Grain: one order that was placed and waits to be paid, with its dearest article. A source is admitted by its name in
-- the list; JD and Pinduoduo show no order before it is paid.
{% set admitted = ['tmall', 'douyin_shop', 'youzan', 'wechat_store'] %}

with

orders as (
    {% for source in admitted %}
        select
            order_key,
            order_no,
            account_type,
            scope,
            account_id,
            channel,
            shop,
            placed_at,
            due_fen
        from {{ ref('int_unpaid_orders__' ~ source) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

lines as (
    {% for source in admitted %}
        select
            line_key,
            order_key,
            product_key,
            title,
            weight_fen
        from {{ ref('int_order_lines__' ~ source) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

codes as (select * from {{ ref('product_codes') }}),

accounts as (select * from {{ ref('bridge_account_customer') }}),

keyed as (
    select
        *,
        {{ account_key('account_type', 'scope', 'account_id') }} as account_key
    from orders
),

ranked_lines as (
    select
        lines.order_key,
        lines.title,
        coalesce(codes.product_key, lines.product_key) as product_key,
        row_number() over (
            partition by lines.order_key order by lines.weight_fen desc nulls last, lines.line_key asc
        ) as place
    from lines
    inner join orders on lines.order_key = orders.order_key
    left join codes on lines.product_key = codes.code
),

fct_unpaid_orders as (
    select
        keyed.order_key,
        keyed.order_no,
        accounts.one_id,
        keyed.account_key,
        keyed.channel,
        keyed.shop,
        keyed.placed_at,
        {{ shanghai_date('keyed.placed_at') }} as placed_on,
        ranked_lines.product_key,
        ranked_lines.title,
        cast(keyed.due_fen as bigint) as due_fen
    from keyed
    left join ranked_lines on keyed.order_key = ranked_lines.order_key and ranked_lines.place = 1
    left join accounts on keyed.account_key = accounts.account_key
)

select * from fct_unpaid_orders
