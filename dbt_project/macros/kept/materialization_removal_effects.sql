{#- A kept table of removal effects, learned from the steps that the model selects (macro removal_effects). Config as for
    kept. -#}
{% materialization removal_effects, default %}
    {{ run_hooks(pre_hooks) }}
    {%- do removal_effects(sql) -%}
    {%- if is_delta() -%}
        {%- do replace_and_tell('select * from effects') -%}
        {%- set relation = this.incorporate(type='table') -%}
    {%- else -%}
        {%- set relation = put_in_place('select * from effects') -%}
    {%- endif -%}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}
