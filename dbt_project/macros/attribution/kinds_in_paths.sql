{#- Which kinds of touchpoints make up paths. Buying is the end of a path, and what is in no stage (a complaint, a login)
    wins nobody. -#}
{% macro kinds_in_paths() -%}
    select
        channel,
        touchpoint_type,
        placement
    from {{ ref('touchpoint_kinds') }}
    where stage in {{ sql_list(var('attribution_stages')) }}
{%- endmacro %}
