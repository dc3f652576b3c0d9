{#- A key of 32 hex characters as a 64-bit number: components are solved on numbers, several times faster than text. -#}
{% macro node_id(key) -%}
    {{ return(adapter.dispatch('node_id')(key)) }}
{%- endmacro %}

{% macro default__node_id(key) -%}
    xxhash64({{ key }})
{%- endmacro %}

{% macro postgres__node_id(key) -%}
    cast(cast('x' || left({{ key }}, 16) as bit(64)) as bigint)
{%- endmacro %}
