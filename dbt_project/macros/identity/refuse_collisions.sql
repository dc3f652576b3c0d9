{#- Stop when two keys of a scratch table share one node: 64 bits are enough for billions of keys, not for ever. -#}
{% macro refuse_collisions(name, key, node) -%}
    {%- set doubles -%}
        select {{ node }} from {{ name }} group by {{ node }} having min({{ key }}) <> max({{ key }}) limit 1
    {%- endset -%}
    {%- if run_query(doubles).rows | length > 0 -%}
        {{ exceptions.raise_compiler_error('Two values of ' ~ key ~ ' share a 64-bit node; widen macros/node_id.sql.') }}
    {%- endif -%}
{%- endmacro %}
