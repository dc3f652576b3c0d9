{#- A mart as the last build left it. Not a ref: the reader comes before it in the lineage. -#}
{% macro last_mart(name) -%}
    {{ return(this.incorporate(path={'schema': var('schema_prefix', '') ~ 'marts_build', 'identifier': name})) }}
{%- endmacro %}
