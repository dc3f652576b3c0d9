{#- Milliseconds since 1970 (text) as a moment; 0 and empty are null. -#}
{% macro epoch_ms_time(expression) -%}
    {{ return(adapter.dispatch('epoch_ms_time')(expression)) }}
{%- endmacro %}

{% macro default__epoch_ms_time(expression) -%}
    timestamp_millis(nullif({{ integer_number(expression) }}, 0))
{%- endmacro %}

{% macro postgres__epoch_ms_time(expression) -%}
    to_timestamp(nullif({{ integer_number(expression) }}, 0) / 1000.0)
{%- endmacro %}
