{#- The key of an account: what kind of row, in which shop, app or corp, under which id. -#}
{% macro account_key(account_type, scope, account_id) -%}
    {{ hash_key([account_type, scope, account_id]) }}
{%- endmacro %}
