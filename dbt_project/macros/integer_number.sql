{#- A platform's whole number as bigint. -#}
{% macro integer_number(expression) -%}
    cast({{ number(expression) }} as bigint)
{%- endmacro %}
