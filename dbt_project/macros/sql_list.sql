{#- A list of texts as SQL: ('a', 'b'). -#}
{% macro sql_list(values) -%}
    ('{{ values | join("', '") }}')
{%- endmacro %}
