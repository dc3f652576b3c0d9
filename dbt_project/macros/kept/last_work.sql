{#- What the last build left of a model that stands beside the marts (int_). Not a ref: the reader comes before it in the
    lineage. -#}
{% macro last_work(name) -%}
    {{ return(this.incorporate(path={'schema': var('schema_prefix', '') ~ 'marts_work', 'identifier': name})) }}
{%- endmacro %}
