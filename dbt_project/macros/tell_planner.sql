{#- Statistics of a table just built: the next model joins it before the server would look at it by itself. Of a large
    table a delta changes little, and what it leaves untold the server's own autovacuum comes to. -#}
{% macro tell_planner(relation) -%}
    {%- if model.config.materialized not in ('view', 'ephemeral') -%}
        {{ adapter.dispatch('tell_planner')(relation) }}
    {%- endif -%}
{%- endmacro %}

{% macro default__tell_planner(relation) -%}
    analyze table {{ relation }} compute statistics
{%- endmacro %}

{% macro postgres__tell_planner(relation) -%}
    {%- set is_kept = is_delta() and model.config.materialized in ('kept', 'tally', 'removal_effects') -%}
    {%- if not is_kept or (execute and is_much_anew(relation)) -%}
        analyze {{ relation }}
    {%- endif -%}
{%- endmacro %}

{#- Whether a delta made more than a fifth of a kept table, or of a tally's cells, again. -#}
{% macro is_much_anew(relation) -%}
    {%- set found = run_query(
        'select fresh.reltuples > 0.2 * greatest(kept.reltuples, 0) as is_much from pg_class as fresh, pg_class as kept '
        ~ "where fresh.oid = 'pg_temp.fresh'::regclass and kept.oid = '" ~ relation ~ "'::regclass"
    ) -%}
    {{ return(found.columns['is_much'].values()[0]) }}
{%- endmacro %}
