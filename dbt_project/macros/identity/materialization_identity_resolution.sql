{#- A table made by resolve_identities from the edges that the model selects. -#}
{% materialization identity_resolution, default %}
    {{ run_hooks(pre_hooks) }}
    {%- do resolve_identities(sql) -%}
    {%- set relation = put_in_place('select * from resolved') -%}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}
