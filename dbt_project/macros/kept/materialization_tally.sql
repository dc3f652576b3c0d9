{#- Sums that a delta keeps up: the model sums over `changes_of` a kept model, and the differences are added to what the
    last build left. So a night costs what changed, whatever lies behind it. Built anew otherwise, with the same sums.
    Config: key (columns, none of them null), count (the column that counts rows: a cell without any is gone). Every
    other column must be a sum; one of nothing but nulls is 0, since null would swallow whatever is added to it. -#}
{% materialization tally, default %}
    {{ run_hooks(pre_hooks) }}
    {%- if is_delta() -%}
        {%- do add_differences(without_gaps(sql)) -%}
        {%- set relation = this.incorporate(type='table') -%}
    {%- else -%}
        {%- set relation = put_in_place(without_gaps(sql)) -%}
    {%- endif -%}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}

{#- The sums of a query, 0 where they are null. -#}
{% macro without_gaps(query) -%}
    {%- set key = config.require('key') -%}
    select
    {%- for column in get_columns_in_query(query) %}
        {{ column if column in key else 'coalesce(' ~ column ~ ', 0) as ' ~ column }}{{ ',' if not loop.last }}
    {%- endfor %}
    from ({{ query }}) as sums
{%- endmacro %}

{% macro add_differences(query) -%}
    {%- set key, count = config.require('key'), config.require('count') -%}
    {%- set columns = adapter.get_columns_in_relation(this) | map(attribute='name') | list -%}
    {%- set sums = columns | reject('in', key) | list -%}
    {%- set same = [] -%}
    {%- for column in key -%}
        {%- do same.append('known.' ~ column ~ ' = fresh.' ~ column) -%}
    {%- endfor -%}
    {%- set added = [] -%}
    {%- for column in sums -%}
        {%- do added.append(column ~ ' = known.' ~ column ~ ' + fresh.' ~ column) -%}
    {%- endfor -%}
    {%- do scratch('fresh', query) -%}
    {%- do run_query(
        'update ' ~ this ~ ' as known set ' ~ added | join(', ') ~ ' from fresh where ' ~ same | join(' and ')
    ) -%}
    {% call statement('main') -%}
        insert into {{ this }} ({{ columns | join(', ') }})
        select {{ columns | join(', ') }} from fresh
        where {{ count }} <> 0 and not exists (select from {{ this }} as known where {{ same | join(' and ') }})
    {%- endcall %}
    {%- do run_query('delete from ' ~ this ~ ' where ' ~ count ~ ' = 0') -%}
{%- endmacro %}
