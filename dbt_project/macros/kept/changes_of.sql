{#- The rows of a kept model with a `sign`: in a delta those that tonight took out (-1) and put in (1), else all (1).
    A tally sums over it. -#}
{% macro changes_of(relation) -%}
    {%- if is_delta() -%}
        (
            select
                *,
                -1 as sign
            from {{ side_table(relation, 'removed') }}
            union all
            select
                *,
                1 as sign
            from {{ side_table(relation, 'added') }}
        )
    {%- else -%}
        (
            select
                *,
                1 as sign
            from {{ relation }}
        )
    {%- endif -%}
{%- endmacro %}
