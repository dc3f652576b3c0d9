-- Grain: one record whose touchpoints, or whose rows in another fact of single records, are to be made again: it
-- changed, whose account it is, or the order behind it. Empty when the marts are built anew.
with

orders as (select * from {{ changes_of(ref('fct_orders')) }} as orders),

records as (
    select record_id from {{ ref('int_changed__records') }}
    {% if is_delta() %}
        {% for fact in ['fct_touchpoints', 'fct_service_cases', 'fct_points', 'fct_coupons'] %}
            union
            select known.record_id
            from {{ last_mart(fact) }} as known
            inner join {{ ref('int_changed__accounts') }} as accounts on known.account_key = accounts.account_key
        {% endfor %}
    {% endif %}
    union
    select {{ record_id('order', 'channel', 'order_key') }} as record_id
    from orders
    -- What names an order and no account is of whoever ordered.
    union
    select parcels.record_id
    from {{ ref('stg_logistics__parcels') }} as parcels
    inner join orders on parcels.order_source = orders.channel and parcels.order_no = orders.order_no
    union
    select reviews.record_id
    from {{ ref('stg_service_desk__reviews') }} as reviews
    inner join orders on reviews.platform = orders.channel and reviews.order_no = orders.order_no
    -- A callback names half an account, and the follower or contact that it means may land later; they are few.
    union
    select record_id
    from {{ ref('stg_callbacks__opt_outs') }}
)

select record_id from records
where {{ is_delta() }}
