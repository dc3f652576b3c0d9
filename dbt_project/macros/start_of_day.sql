{#- The first moment of a business day. -#}
{% macro start_of_day(day) -%}
    {{ shanghai_time(day) }}
{%- endmacro %}
