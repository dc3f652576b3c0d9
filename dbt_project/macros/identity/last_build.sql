{#- A table of this schema as the last build left it. Not a ref: the reader comes before it in the lineage. -#}
{% macro last_build(name) -%}
    {{ return(this.incorporate(path={'identifier': name})) }}
{%- endmacro %}
