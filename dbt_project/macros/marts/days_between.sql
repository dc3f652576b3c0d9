{#- How many days the second day comes after the first. -#}
{% macro days_between(first, last) -%}
    {{ return(adapter.dispatch('days_between')(first, last)) }}
{%- endmacro %}

{% macro default__days_between(first, last) -%}
    datediff({{ last }}, {{ first }})
{%- endmacro %}

{% macro postgres__days_between(first, last) -%}
    ({{ last }} - {{ first }})
{%- endmacro %}
