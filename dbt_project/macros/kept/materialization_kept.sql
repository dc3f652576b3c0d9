{#- A table that a delta keeps up: the rows of the keys in `scope` (a ref) are taken out, and those that the model
    selects for these keys are put in. What thereby changed stands in two tables beside it, for those who sum over it.
    Built anew otherwise. Config: key (one column), scope (the name of a model with that column), indexes. -#}
{% materialization kept, default %}
    {{ run_hooks(pre_hooks) }}
    {%- if is_delta() -%}
        {%- do replace_and_tell(sql) -%}
        {%- set relation = this.incorporate(type='table') -%}
    {%- else -%}
        {%- set relation = put_in_place(sql) -%}
    {%- endif -%}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}

{#- Replace the rows in scope, and say which ones are others than before. -#}
{% macro replace_and_tell(query) -%}
    {%- set key = config.require('key') -%}
    {%- set scope = '(select ' ~ key ~ ' from ' ~ side_scope(config.require('scope')) ~ ')' -%}
    {%- set columns = adapter.get_columns_in_relation(this) | map(attribute='quoted') | join(', ') -%}
    {%- set removed, added = side_table(this, 'removed'), side_table(this, 'added') -%}
    {%- do scratch('fresh', query) -%}
    {%- do scratch('stale', 'select ' ~ columns ~ ' from ' ~ this ~ ' where ' ~ key ~ ' in ' ~ scope) -%}
    {%- do run_query(
        'drop table if exists ' ~ removed ~ ', ' ~ added
        ~ '; create table ' ~ removed ~ ' as select * from stale except all select ' ~ columns ~ ' from fresh'
        ~ '; create table ' ~ added ~ ' as select ' ~ columns ~ ' from fresh except all select * from stale'
        ~ '; analyze ' ~ removed ~ '; analyze ' ~ added
        ~ '; delete from ' ~ this ~ ' where ' ~ key ~ ' in ' ~ scope
    ) -%}
    {% call statement('main') -%}
        insert into {{ this }} ({{ columns }}) select {{ columns }} from fresh
    {%- endcall %}
{%- endmacro %}

{#- A model that says what changed, as tonight built it. -#}
{% macro side_scope(name) -%}
    {{ return(this.incorporate(path={'schema': var('schema_prefix', '') ~ 'marts_work', 'identifier': name})) }}
{%- endmacro %}
