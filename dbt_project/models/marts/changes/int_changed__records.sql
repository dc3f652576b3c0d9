-- Grain: one raw record that a mart rests on and that landed, changed or was deleted since the marts were last built.
-- Empty when they are built anew. A table is admitted by its name in this list.
{% set admitted = [
    ('tmall', 'trades'), ('tmall', 'refunds'), ('tmall', 'members'),
    ('jd', 'orders'), ('jd', 'after_sales'), ('douyin_shop', 'orders'), ('douyin_shop', 'after_sales'),
    ('youzan', 'trades'), ('youzan', 'refunds'), ('wechat_store', 'orders'), ('wechat_store', 'after_sales'),
    ('pinduoduo', 'orders'), ('pinduoduo', 'refunds'),
    ('store', 'receipts'), ('store', 'visits'), ('store', 'members'), ('store_db', 'sale_lines'),
    ('store', 'footfall'), ('store_db', 'points'),
    ('official_account', 'followers'), ('official_account', 'user_read'), ('official_account', 'upstream_messages'),
    ('wecom', 'contacts'), ('wecom', 'groups'), ('video_channel', 'leads'), ('video_channel', 'lives'),
    ('mini_program', 'visit_trend'), ('mini_program', 'summary'), ('tracking', 'events'),
    ('xiaohongshu', 'creative_report'), ('xiaohongshu_notes', 'notes'),
    ('ocean_engine', 'promotion_report'), ('ocean_engine', 'leads'),
    ('tencent_ads', 'adgroup_report'), ('tencent_ads', 'leads'), ('leads', 'leads'),
    ('douyin_content', 'item_days'), ('douyin_content', 'user_days'), ('bilibili', 'archive_stats'),
    ('weibo', 'status_counts'), ('content_desk', 'posts'),
    ('service_desk', 'tickets'), ('service_desk', 'reviews'), ('service_desk', 'surveys'),
    ('loyalty', 'coupons'), ('loyalty', 'points'), ('logistics', 'parcels'), ('callbacks', 'opt_outs'),
    ('inventory', 'stock'),
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
