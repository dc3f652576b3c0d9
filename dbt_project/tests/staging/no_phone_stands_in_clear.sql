-- Personal values reach staging as tokens only (two letters and an underscore, then the hash).
{% set tokens = {
    'stg_callbacks__opt_outs': ['email_token', 'phone_token'],
    'stg_callbacks__receipts': ['email_token', 'phone_token'],
    'stg_consent_import__entries': ['email_token', 'phone_token'],
    'stg_jd__after_sales': ['pin_token'],
    'stg_jd__members': ['pin_token'],
    'stg_jd__orders': ['pin_token'],
    'stg_leads__leads': ['name_token', 'note_token', 'phone_token'],
    'stg_ocean_engine__leads': ['email_token', 'name_token', 'phone_token', 'wechat_token'],
    'stg_service_desk__reviews': ['body_token'],
    'stg_service_desk__surveys': ['comment_token'],
    'stg_service_desk__tickets': ['phone_token'],
    'stg_store__members': ['address_token', 'name_token', 'phone_token'],
    'stg_store__receipt_lines': ['phone_token'],
    'stg_store__visits': ['phone_hash_token'],
    'stg_store_db__members': ['email_token', 'name_token', 'other_phone_token', 'phone_token'],
    'stg_tencent_ads__leads': ['email_token', 'name_token', 'phone_token', 'wechat_token'],
    'stg_tracking__events': ['phone_hash_token'],
    'stg_video_channel__leads': ['phone_token'],
    'stg_video_channel__live_leads': ['phone_token'],
    'stg_wechat_store__members': ['phone_token'],
    'stg_wecom__broadcasts': ['content_token'],
    'stg_wecom__contact_phones': ['phone_token'],
    'stg_wecom__contact_words': ['word_token'],
    'stg_wecom__contacts': ['description_token', 'name_token', 'remark_token'],
    'stg_wecom__group_members': ['group_nickname_token', 'name_token'],
    'stg_wecom__groups': ['notice_token'],
} %}

with personal_values as (
    {% for staging_model, columns in tokens.items() %}
        {% for column in columns %}
            select
                '{{ staging_model }}' as staging_model,
                {{ column }} as written
            from {{ ref(staging_model) }}
            {% if not loop.last %}union all{% endif %}
        {% endfor %}
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

-- The value itself is not selected: what fails here must not stand in a log.
select staging_model
from personal_values
where written not like '__!_%' escape '!'
