{#- Take apart the components that the nodes of a scratch relation `nodes` (node) are in: all their rows in `labels`
    and `aliases` go, and the scratch table `dissolved` (node) names every node that lost its label, so that what is
    left of their edges can be added again by extend_graph. The cost follows the components that are touched. -#}
{% macro dissolve_components(nodes, labels, aliases) -%}
    {%- set doomed -%}
        select distinct
            coalesce(
                (select alias.component from {{ aliases }} as alias where alias.label = known.label),
                known.label
            ) as component
        from (
            select (select old.label from {{ labels }} as old where old.node = gone.node) as label
            from {{ nodes }} as gone
        ) as known
        where known.label is not null
    {%- endset -%}
    {%- do scratch('graph_doomed', doomed) -%}
    {%- set doomed_labels -%}
        select component as label from graph_doomed
        union all
        select alias.label
        from graph_doomed
        inner join {{ aliases }} as alias on graph_doomed.component = alias.component
    {%- endset -%}
    {%- do scratch('graph_doomed_labels', doomed_labels) -%}
    {%- set dissolved -%}
        select member.node
        from graph_doomed_labels as doomed
        inner join {{ labels }} as member on doomed.label = member.label
    {%- endset -%}
    {%- do scratch('dissolved', dissolved) -%}
    {%- do run_query('delete from ' ~ labels ~ ' where node in (select node from dissolved)') -%}
    {%- do run_query('delete from ' ~ aliases ~ ' where component in (select component from graph_doomed)') -%}
{%- endmacro %}
