{#- Follow `label` in a scratch table (node, label) until every node points at a root; each pass halves the way. -#}
{% macro halve_paths(forest) -%}
    {%- set state = namespace(is_done=false) -%}
    {%- for pass in range(64) -%}
        {%- if not state.is_done -%}
            {#- Counted in full: with a limit, Postgres would try a nested loop for the first row. -#}
            {%- set longer -%}
                select count(*)
                from {{ forest }} as low
                inner join {{ forest }} as high on low.label = high.node
                where high.node <> high.label and low.node <> low.label
            {%- endset -%}
            {%- set state.is_done = run_query(longer).rows[0][0] == 0 -%}
        {%- endif -%}
        {%- if not state.is_done -%}
            {%- set halved -%}
                select
                    low.node,
                    coalesce(high.label, low.label) as label
                from {{ forest }} as low
                left join {{ forest }} as high on low.label = high.node
            {%- endset -%}
            {%- do scratch(forest, halved) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
