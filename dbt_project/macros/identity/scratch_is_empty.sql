{#- Whether a scratch table has no rows. -#}
{% macro scratch_is_empty(name) -%}
    {{ return(run_query('select 1 from ' ~ name ~ ' limit 1').rows | length == 0) }}
{%- endmacro %}
