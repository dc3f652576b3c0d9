{#- Statistics of a table just built: the next model joins it before the server would look at it by itself. -#}
{% macro tell_planner(relation) -%}
    {%- if model.config.materialized not in ('view', 'ephemeral') -%}
        {{ adapter.dispatch('tell_planner')(relation) }}
    {%- endif -%}
{%- endmacro %}

{% macro default__tell_planner(relation) -%}
    analyze table {{ relation }} compute statistics
{%- endmacro %}

{% macro postgres__tell_planner(relation) -%}
    analyze {{ relation }}
{%- endmacro %}
