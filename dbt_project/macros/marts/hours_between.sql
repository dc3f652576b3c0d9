{#- How many hours, with fractions, the second moment comes after the first. -#}
{% macro hours_between(first, last) -%}
    {{ return(adapter.dispatch('hours_between')(first, last)) }}
{%- endmacro %}

{% macro default__hours_between(first, last) -%}
    ((unix_timestamp({{ last }}) - unix_timestamp({{ first }})) / 3600.0)
{%- endmacro %}

{% macro postgres__hours_between(first, last) -%}
    (extract(epoch from {{ last }} - {{ first }}) / 3600)
{%- endmacro %}
