{#- A table made by replay_merges from the sightings that the model selects. -#}
{% materialization identity_history, default %}
    {{ run_hooks(pre_hooks) }}
    {%- do replay_merges(sql) -%}
    {%- set relation = put_in_place('select * from merges') -%}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}
