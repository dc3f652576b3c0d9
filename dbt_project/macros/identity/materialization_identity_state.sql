{#- A table that a delta keeps up: the rows of the keys in `scope` (a table of the same schema) are taken out and those
    that the model selects are put in. Built anew otherwise. Config: key, scope, indexes. -#}
{% materialization identity_state, default %}
    {{ run_hooks(pre_hooks) }}
    {%- if is_delta() -%}
        {%- do replace_rows(sql) -%}
        {%- set relation = this.incorporate(type='table') -%}
    {%- else -%}
        {%- set relation = put_in_place(sql) -%}
    {%- endif -%}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}
