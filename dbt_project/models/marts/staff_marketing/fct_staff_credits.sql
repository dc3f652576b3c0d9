-- Grain: one order and one role in which a member of staff is credited with part of it; 'nobody' where there is none.
{{ config(materialized='kept', key='order_key', scope='int_changed__staffed_orders') }}
{% set percents = var('staff_credit_percents') %}

with

orders as (
    select * from {{ ref('fct_orders') }}
    {{ where_changed('order_key', ref('int_changed__staffed_orders')) }}
),

relations as (select * from {{ ref('fct_staff_relations') }}),

-- Those whom the buyer had by the time of the order, with the line that each came down.
known as (
    select
        orders.order_key,
        relations.account_key,
        relations.staff_code,
        relations.origin_staff_code,
        relations.started_at,
        relations.ended_on is null or relations.ended_on > orders.ordered_on as is_current,
        first_value(relations.account_key || relations.origin_staff_code) over (
            partition by orders.order_key
            order by relations.started_at, relations.account_key, relations.staff_code
        ) as line_of_bringer
    from orders
    inner join relations
        on
            orders.one_id = relations.one_id
            and orders.ordered_at >= relations.started_at
),

ranked as (
    select
        *,
        row_number() over (
            partition by order_key, is_current order by started_at desc, account_key asc, staff_code asc
        ) as newness,
        row_number() over (
            partition by order_key, account_key || origin_staff_code = line_of_bringer
            order by started_at desc, account_key asc, staff_code asc
        ) as newness_in_line
    from known
),

credited as (
    select
        order_key,
        'seller' as staff_role,
        staff_code
    from orders
    where staff_code is not null
    union all
    select
        order_key,
        'server' as staff_role,
        staff_code
    from ranked
    where is_current and newness = 1
    union all
    -- Who took the customer over from whoever brought them stands in for them.
    select
        order_key,
        'bringer' as staff_role,
        staff_code
    from ranked
    where account_key || origin_staff_code = line_of_bringer and newness_in_line = 1
),

weighted as (
    select
        orders.order_key,
        orders.ordered_on,
        orders.channel,
        orders.one_id,
        orders.net_fen,
        coalesce(credited.staff_role, 'nobody') as staff_role,
        coalesce(credited.staff_code, '') as staff_code,
        case credited.staff_role
            {% for role, percent in percents.items() %}
                when '{{ role }}' then {{ percent }}
            {% endfor %}
            else 1
        end as weight
    from orders
    left join credited on orders.order_key = credited.order_key
),

running as (
    select
        *,
        sum(weight) over (partition by order_key order by staff_role rows unbounded preceding) as weight_until,
        sum(weight) over (partition by order_key) as weight_of_all
    from weighted
),

-- Credits are differences of rounded running sums, so that those of an order add up to it.
fct_staff_credits as (
    select
        order_key,
        staff_role,
        staff_code,
        ordered_on,
        channel,
        one_id,
        cast(
            round(cast(net_fen as numeric) * weight_until / weight_of_all)
            - round(cast(net_fen as numeric) * (weight_until - weight) / weight_of_all)
            as bigint
        ) as credit_fen
    from running
)

select * from fct_staff_credits
