{#- A table that a delta keeps up: of the keys in `scope`, the rows that are others than before are replaced by what the
    model selects. What thereby changed stands in two tables beside it, for those who sum over it. Built anew otherwise.
    Config: key (one column), scope (the name of a model with that column), indexes. With `since` (a column of days) and
    `days`, only rows from so many days before the scope's since_on are in scope; the model says where_changed_since. -#}
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

{#- Replace the rows in scope, and say which ones are others than before. A stale row is found once and deleted by its
    place (ctid), which nothing but this build moves. -#}
{% macro replace_and_tell(query) -%}
    {%- set key = config.require('key') -%}
    {%- set scope = side_scope(config.require('scope')) -%}
    {%- if config.get('since') -%}
        {%- set in_scope = where_changed_since('kept', key, config.require('since'), scope, config.require('days')) -%}
    {%- else -%}
        {%- set in_scope = where_changed(key, scope) -%}
    {%- endif -%}
    {%- set columns = adapter.get_columns_in_relation(this) | map(attribute='quoted') | join(', ') -%}
    {%- set removed, added = side_table(this, 'removed'), side_table(this, 'added') -%}
    {%- set differs = key ~ ' in (select ' ~ key ~ ' from ' ~ removed ~ ' union select ' ~ key ~ ' from ' ~ added ~ ')' -%}
    {%- do scratch('fresh', query) -%}
    {%- do scratch('stale', 'select kept.ctid as place, ' ~ columns ~ ' from ' ~ this ~ ' as kept ' ~ in_scope) -%}
    {%- do run_query(
        'drop table if exists ' ~ removed ~ ', ' ~ added
        ~ '; create table ' ~ removed ~ ' as select ' ~ columns ~ ' from stale except all select ' ~ columns ~ ' from fresh'
        ~ '; create table ' ~ added ~ ' as select ' ~ columns ~ ' from fresh except all select ' ~ columns ~ ' from stale'
        ~ '; analyze ' ~ removed ~ '; analyze ' ~ added
        ~ '; delete from ' ~ this ~ ' as kept using stale where kept.ctid = stale.place and stale.' ~ differs
    ) -%}
    {% call statement('main') -%}
        insert into {{ this }} ({{ columns }}) select {{ columns }} from fresh where {{ differs }} order by {{ key }}
    {%- endcall %}
{%- endmacro %}

{#- A model that says what changed, as tonight built it. -#}
{% macro side_scope(name) -%}
    {{ return(this.incorporate(path={'schema': var('schema_prefix', '') ~ 'marts_work', 'identifier': name})) }}
{%- endmacro %}
