{#- The day so many days after another. -#}
{% macro days_after(day, count) -%}
    {{ return(adapter.dispatch('days_after')(day, count)) }}
{%- endmacro %}

{% macro default__days_after(day, count) -%}
    date_add({{ day }}, {{ count }})
{%- endmacro %}

{% macro postgres__days_after(day, count) -%}
    ({{ day }} + {{ count }})
{%- endmacro %}
