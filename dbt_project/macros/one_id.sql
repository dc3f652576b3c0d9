{#- The One-ID of the person whose oldest account has this key. -#}
{% macro one_id(account_key) -%}
    'q' || substr({{ account_key }}, 1, 31)
{%- endmacro %}
