{#- A wall clock text of China ('2026-11-20 23:59:58') as a moment. -#}
{% macro shanghai_time(expression) -%}
    {{ return(adapter.dispatch('shanghai_time')(expression)) }}
{%- endmacro %}

{% macro default__shanghai_time(expression) -%}
    to_utc_timestamp({{ expression }}, 'Asia/Shanghai')
{%- endmacro %}

{% macro postgres__shanghai_time(expression) -%}
    (cast({{ expression }} as timestamp) at time zone 'Asia/Shanghai')
{%- endmacro %}
