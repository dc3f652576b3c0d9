{#- Make this model's table from a query, and let it take the old one's place. -#}
{% macro put_in_place(query) -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- set fresh = make_intermediate_relation(target) -%}
    {%- do drop_relation_if_exists(load_cached_relation(fresh)) -%}
    {% call statement('main') -%}
        {{ get_create_table_as_sql(False, fresh, query) }}
    {%- endcall %}
    {%- do drop_relation_if_exists(load_cached_relation(this)) -%}
    {%- do adapter.rename_relation(fresh, target) -%}
    {%- do create_indexes(target) -%}
    {{ return(target) }}
{%- endmacro %}
