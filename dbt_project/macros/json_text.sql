{#- The text at a path of a JSON column; empty text is null. json_text('payload', 'external_contact', 'unionid') -#}
{% macro json_text(column) -%}
    {{ return(adapter.dispatch('json_text')(column, varargs)) }}
{%- endmacro %}

{% macro default__json_text(column, path) -%}
    nullif(get_json_object({{ column }}, '$.{{ path | join(".") }}'), '')
{%- endmacro %}

{% macro postgres__json_text(column, path) -%}
    nullif({{ column }} #>> '{{ "{" ~ path | join(",") ~ "}" }}', '')
{%- endmacro %}
