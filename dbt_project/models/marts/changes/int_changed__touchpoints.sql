-- Grain: one record whose touchpoints are to be made again: it changed, whose account it is, or the order behind it.
-- Empty when the marts are built anew.
with

records as (
    select record_id from {{ ref('int_changed__records') }}
    {% if is_delta() %}
        union
        select known.record_id
        from {{ last_mart('fct_touchpoints') }} as known
        inner join {{ ref('int_changed__accounts') }} as accounts on known.account_key = accounts.account_key
    {% endif %}
    union
    select {{ record_id('order', 'channel', 'order_key') }} as record_id
    from {{ changes_of(ref('fct_orders')) }} as orders
)

select record_id from records
where {{ is_delta() }}
