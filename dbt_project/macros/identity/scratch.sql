{#- Make (or replace) a table that lives as long as this model's build; the query may read the table it replaces. -#}
{% macro scratch(name, query) -%}
    {%- do adapter.dispatch('scratch')(name, query) -%}
{%- endmacro %}

{% macro default__scratch(name, query) -%}
    {%- do run_query('create or replace temporary view ' ~ name ~ ' as ' ~ query) -%}
    {%- do run_query('cache table ' ~ name) -%}
{%- endmacro %}

{% macro postgres__scratch(name, query) -%}
    {%- do run_query(
        'create temporary table scratch_next as ' ~ query
        ~ '; drop table if exists ' ~ name
        ~ '; alter table scratch_next rename to ' ~ name
        ~ '; analyze ' ~ name
    ) -%}
{%- endmacro %}
