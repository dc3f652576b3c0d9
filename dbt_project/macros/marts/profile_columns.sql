{#- What int_profiles knows of a person beside who they are, in one list: what is compared is what is kept. -#}
{% macro profile_columns() -%}
    {{ return([
        'first_seen_on', 'last_seen_on', 'accounts_count', 'is_store_member', 'is_tmall_buyer', 'birthday_mmdd',
        'lunar_birthday_mmdd', 'registered_store', 'tier', 'identifiers_count', 'has_traded_on_tmall', 'has_phone',
        'is_follower', 'is_wecom_contact', 'is_reachable_by_sms', 'is_reachable_by_wecom',
        'is_reachable_by_official_account', 'is_minor',
    ]) }}
{%- endmacro %}
