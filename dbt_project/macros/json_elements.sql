{#- The elements of the list at a path, as a table function with one column `value`; no list, no rows. -#}
{% macro json_elements(column) -%}
    {{ return(adapter.dispatch('json_elements')(column, varargs)) }}
{%- endmacro %}

{% macro default__json_elements(column, path) -%}
    variant_explode({{ column }}:{{ path | join(".") }})
{%- endmacro %}

{% macro postgres__json_elements(column, path) -%}
    {%- set list = column ~ " #> '{" ~ path | join(",") ~ "}'" -%}
    jsonb_array_elements(case when jsonb_typeof({{ list }}) = 'array' then {{ list }} else '[]' end)
{%- endmacro %}
