-- Grain: one raw record that a mart rests on and that landed, changed or was deleted since the marts were last built.
-- Empty when they are built anew. A table is admitted by its name in this list.
{% set admitted = [
    ('tmall', 'trades'), ('tmall', 'refunds'), ('tmall', 'members'),
    ('jd', 'orders'), ('jd', 'after_sales'), ('douyin_shop', 'orders'), ('douyin_shop', 'after_sales'),
    ('youzan', 'trades'), ('youzan', 'refunds'), ('wechat_store', 'orders'), ('wechat_store', 'after_sales'),
    ('pinduoduo', 'orders'), ('pinduoduo', 'refunds'),
    ('store', 'receipts'), ('store', 'visits'), ('store', 'members'), ('store_db', 'sale_lines'),
    ('official_account', 'followers'), ('wecom', 'contacts'), ('xiaohongshu', 'creative_report'),
] %}
{% set second_feeds = {('tmall', 'trades'): 'tmall_push', ('tmall', 'refunds'): 'tmall_push'} %}

with

loads as (
    select staged.load_id
    from {{ source('ops', 'staged_load') }} as staged
    left join {{ source('ops', 'marts_load') }} as known on staged.load_id = known.load_id
    where
        known.load_id is null
        and {{ is_delta() }}
),

records as (
    {% for feed, entity in admitted %}
        {% set table = feed ~ '__' ~ entity %}
        select {{ record_id(table, 'account', 'record_key') }} as record_id
        from {{ source(feed, table) }}
        where load_id in (select loads.load_id from loads)
        {% if (feed, entity) in second_feeds %}
            union all
            {% set second = second_feeds[(feed, entity)] %}
            select {{ record_id(table, 'account', 'record_key') }} as record_id
            from {{ source(second, second ~ '__' ~ entity) }}
            where load_id in (select loads.load_id from loads)
        {% endif %}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select distinct record_id from records
