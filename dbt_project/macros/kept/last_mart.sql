{#- A mart, or what one is made of (int_), as the last build left it. Not a ref: the reader comes before it in the
    lineage. -#}
{% macro last_mart(name) -%}
    {%- set schema = 'marts_work' if name.startswith('int_') else 'marts_build' -%}
    {{ return(this.incorporate(path={'schema': var('schema_prefix', '') ~ schema, 'identifier': name})) }}
{%- endmacro %}
