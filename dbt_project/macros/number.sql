{#- A platform's number: text or number; '' and '-' are null. -#}
{% macro number(expression) -%}
    cast(nullif(nullif(trim({{ expression }}), ''), '-') as numeric)
{%- endmacro %}
