{#- A table made by replay_merges from the sightings that the model selects; a delta replays who was touched only. -#}
{% materialization identity_history, default %}
    {{ run_hooks(pre_hooks) }}
    {%- do replay_merges(sql) -%}
    {%- if is_delta() -%}
        {%- do replace_rows('select * from merges') -%}
        {%- set relation = this.incorporate(type='table') -%}
    {%- else -%}
        {%- set relation = put_in_place('select * from merges') -%}
    {%- endif -%}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}
