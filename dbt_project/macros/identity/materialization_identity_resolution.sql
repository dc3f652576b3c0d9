{#- The candidates that the model selects, and beside them what the engine made of them (macro resolve_identities). -#}
{% materialization identity_resolution, default %}
    {{ run_hooks(pre_hooks) }}
    {%- do scratch('fresh', sql) -%}
    {%- if is_delta() -%}
        {%- do resolve_changes() -%}
        {%- set relation = this.incorporate(type='table') -%}
    {%- else -%}
        {%- set relation = put_in_place('select * from fresh') -%}
        {%- do resolve_identities() -%}
    {%- endif -%}
    {{ run_hooks(post_hooks) }}
    {% do adapter.commit() %}
    {{ return({'relations': [relation]}) }}
{% endmaterialization %}
