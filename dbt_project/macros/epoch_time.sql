{#- Seconds since 1970 (text) as a moment; 0 and empty are null. -#}
{% macro epoch_time(expression) -%}
    {{ return(adapter.dispatch('epoch_time')(expression)) }}
{%- endmacro %}

{% macro default__epoch_time(expression) -%}
    timestamp_seconds(nullif({{ integer_number(expression) }}, 0))
{%- endmacro %}

{% macro postgres__epoch_time(expression) -%}
    to_timestamp(nullif({{ integer_number(expression) }}, 0))
{%- endmacro %}
