{#- Take the rows of the keys in the model's scope out of its table and put those of a query in. -#}
{% macro replace_rows(query) -%}
    {%- set key = config.require('key') -%}
    {%- do scratch('fresh', query) -%}
    {%- set columns = adapter.get_columns_in_relation(this) | map(attribute='quoted') | join(', ') -%}
    {%- do run_query(
        'delete from ' ~ this ~ ' where ' ~ key
        ~ ' in (select ' ~ key ~ ' from ' ~ last_build(config.require('scope')) ~ ')'
    ) -%}
    {% call statement('main') -%}
        insert into {{ this }} ({{ columns }}) select {{ columns }} from fresh
    {%- endcall %}
{%- endmacro %}
