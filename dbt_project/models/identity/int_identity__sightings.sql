-- Grain: one row per sighting of an identifier by an account, as the sources show it; not unique.
-- A new source is admitted by its name in this list.
{% set admitted = [
    'tmall', 'official_account', 'wecom', 'wecom_groups', 'store', 'store_db', 'jd', 'douyin_shop', 'youzan',
    'wechat_store', 'wechat_pay', 'video_channel', 'tracking', 'ocean_engine', 'tencent_ads', 'leads', 'service_desk',
] %}

with sightings as (
    {% for source in admitted %}
        select
            source,
            account_type,
            scope,
            account_id,
            identifier_type,
            identifier_scope,
            identifier_value,
            seen_at,
            last_at,
            landed_on
        from {{ ref('int_identity__evidence_' ~ source) }}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select * from sightings
