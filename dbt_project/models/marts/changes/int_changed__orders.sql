-- Grain: one order to be made again: a record of it changed, or whose account it is, or what says how it counts. A
-- refund that goes from one order to another changes both. Empty when the marts are built anew.
{% set admitted = ['tmall', 'jd', 'douyin_shop', 'youzan', 'wechat_store', 'pinduoduo', 'store'] %}

with

records as (select * from {{ ref('int_changed__records') }}),

accounts as (select * from {{ ref('int_changed__accounts') }}),

told as (
    {% for source in admitted %}
        {% for feed in ['orders', 'order_lines', 'refunds'] %}
            select order_key
            from {{ ref('int_' ~ feed ~ '__' ~ source) }}
            where record_id in (select records.record_id from records)
            union all
        {% endfor %}
    {% endfor %}
    -- A part of a split order takes its parent out.
    select 'jd|' || app || '|' || parent_order_id as order_key
    from {{ ref('stg_jd__orders') }}
    where
        parent_order_id is not null
        and record_id in (select records.record_id from records)
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

{% if is_delta() %}

    refunds as (
        {% for source in admitted %}
            select
                refund_key,
                order_key
            from {{ ref('int_refunds__' ~ source) }}
            {% if not loop.last %}union all{% endif %}
        {% endfor %}
    ),

    -- Which sale a return belongs to hangs on other receipts too.
    moved_refunds as (
        select
            known.order_key as order_key_before,
            refunds.order_key as order_key_now
        from {{ last_mart('fct_refunds') }} as known
        full outer join refunds on known.refund_key = refunds.refund_key
        where known.order_key is distinct from refunds.order_key
    ),

    store_orders as (
        select
            order_key,
            {{ account_key('account_type', 'scope', 'account_id') }} as account_key
        from {{ ref('int_orders__store') }}
    ),

    known_store_orders as (
        select
            order_key,
            account_key
        from {{ last_mart('fct_orders') }}
        where channel = 'store'
    ),

    -- Where tills are read by their database, the card stands on the tender, its number in the members, and the files
    -- of a day take the database's word away.
    moved_receipts as (
        select coalesce(known_store_orders.order_key, store_orders.order_key) as order_key
        from known_store_orders
        full outer join store_orders on known_store_orders.order_key = store_orders.order_key
        where
            known_store_orders.account_key is distinct from store_orders.account_key
            and exists (select 1 from {{ ref('stg_store_db__sale_lines') }})
    ),

{% endif %}

changed as (
    select order_key from told
    {% if is_delta() %}
        union all
        select order_key_before from moved_refunds
        union all
        select order_key_now from moved_refunds
        union all
        select order_key from moved_receipts
    {% endif %}
)

select distinct order_key from changed
where
    order_key is not null
    and {{ is_delta() }}
