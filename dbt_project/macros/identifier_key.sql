{#- The key of an identifier; the same text in two scopes is two identifiers. -#}
{% macro identifier_key(identifier_type, scope, value) -%}
    {{ hash_key([identifier_type, scope, value]) }}
{%- endmacro %}
