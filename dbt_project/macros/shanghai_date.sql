{#- The business day a moment belongs to. -#}
{% macro shanghai_date(moment) -%}
    {{ return(adapter.dispatch('shanghai_date')(moment)) }}
{%- endmacro %}

{% macro default__shanghai_date(moment) -%}
    cast(from_utc_timestamp({{ moment }}, 'Asia/Shanghai') as date)
{%- endmacro %}

{% macro postgres__shanghai_date(moment) -%}
    cast({{ moment }} at time zone 'Asia/Shanghai' as date)
{%- endmacro %}
