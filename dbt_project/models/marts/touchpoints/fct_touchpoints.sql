-- Grain: one act of one account (a follow, a visit, an event, a case, a paid order), or one figure of one day of which
-- nobody's name is known, never 0. A source is admitted by its name in the list.
{{ config(materialized='kept', key='record_id', scope='int_changed__touchpoints', indexes=[
    {'columns': ['record_id']}, {'columns': ['account_key']}, {'columns': ['session_key']},
]) }}
{% set admitted = [
    'xiaohongshu', 'xiaohongshu_notes', 'ocean_engine', 'tencent_ads', 'leads', 'douyin_content', 'bilibili', 'weibo',
    'content_desk', 'official_account', 'wecom', 'video_channel', 'mini_program', 'tracking', 'store', 'loyalty',
    'service_desk', 'logistics', 'callbacks',
] %}

with

acts as (
    {% for source in admitted %}
        select
            record_id,
            touchpoint_key,
            account_key,
            touchpoint_type,
            channel,
            placement,
            campaign_key,
            content_key,
            product_key,
            staff_code,
            store_code,
            session_key,
            occurred_at,
            quantity,
            source
        from {{ ref('int_touchpoints__' ~ source) }}
        {{ where_changed('record_id', ref('int_changed__touchpoints')) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

accounts as (select * from {{ ref('bridge_account_customer') }}),

orders as (
    select
        {{ record_id('order', 'channel', 'order_key') }} as record_id,
        *
    from {{ ref('fct_orders') }}
    where is_paid
),

touchpoints as (
    select
        acts.touchpoint_key,
        accounts.one_id,
        acts.account_key,
        acts.touchpoint_type,
        acts.channel,
        acts.placement,
        acts.campaign_key,
        acts.content_key,
        acts.product_key,
        acts.staff_code,
        acts.store_code,
        acts.session_key,
        acts.occurred_at,
        acts.quantity,
        0 as revenue_fen,
        acts.source,
        acts.record_id
    from acts
    left join accounts on acts.account_key = accounts.account_key
    union all
    select
        'order|' || order_key as touchpoint_key,
        one_id,
        account_key,
        'order' as touchpoint_type,
        channel,
        cast(null as text) as placement,
        cast(null as text) as campaign_key,
        cast(null as text) as content_key,
        cast(null as text) as product_key,
        staff_code,
        store_code,
        cast(null as text) as session_key,
        ordered_at as occurred_at,
        1 as quantity,
        net_fen as revenue_fen,
        channel as source,
        record_id
    from orders
    {{ where_changed('record_id', ref('int_changed__touchpoints')) }}
),

fct_touchpoints as (
    select
        touchpoint_key,
        one_id,
        account_key,
        touchpoint_type,
        channel,
        placement,
        campaign_key,
        content_key,
        product_key,
        staff_code,
        store_code,
        session_key,
        occurred_at,
        {{ shanghai_date('occurred_at') }} as occurred_on,
        cast(quantity as bigint) as quantity,
        cast(revenue_fen as bigint) as revenue_fen,
        source,
        record_id
    from touchpoints
)

select * from fct_touchpoints
