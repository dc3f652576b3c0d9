{#- A time with its zone in ISO 8601 ('2026-11-20T23:59:58+08:00') as a moment. -#}
{% macro zoned_time(expression) -%}
    cast({{ expression }} as timestamp with time zone)
{%- endmacro %}
