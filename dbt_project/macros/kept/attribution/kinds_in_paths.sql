{#- Which kinds of touchpoints make up paths: a subquery over the taxonomy. Buying is the end of a path, so conversions
    are not in it, and nobody is won by a complaint. -#}
{% macro kinds_in_paths() -%}
    (
        select
            channel,
            touchpoint_type,
            placement
        from {{ ref('touchpoint_kinds') }}
        where field in {{ sql_list(var('attribution_fields')) }}
    )
{%- endmacro %}
