{#- A folder's name is its schema, in every environment: no prefix of the target. What marts are made of (int_) stands
    beside them, where nobody reads. A plan builds beside the night: its schemas begin with schema_prefix, and it reads
    the night's own staging. Whoever asks metrics reads what is published (quanyu.metrics), never what is being built. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set schema = custom_schema_name | trim if custom_schema_name else target.schema -%}
    {%- set schema = 'marts_work' if schema == 'marts_build' and node.name.startswith('int_') else schema -%}
    {%- set schema = 'marts' if schema == 'marts_build' and var('reads_published', false) else schema -%}
    {{ schema if schema == 'staging' else var('schema_prefix', '') ~ schema }}
{%- endmacro %}
