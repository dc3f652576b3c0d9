{#- The day of the week, 1 for Monday to 7 for Sunday. -#}
{% macro weekday(day) -%}
    {{ return(adapter.dispatch('weekday')(day)) }}
{%- endmacro %}

{% macro default__weekday(day) -%}
    (weekday({{ day }}) + 1)
{%- endmacro %}

{% macro postgres__weekday(day) -%}
    cast(extract(isodow from {{ day }}) as integer)
{%- endmacro %}
