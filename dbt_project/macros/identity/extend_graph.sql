{#- Add a night's new edges (account, identifier) to a graph made by connect_graph. What a row of `labels` says is
    never changed: a component that becomes part of another one gets a row in `aliases`, and its members keep their
    label. The cost follows the edges: each node is looked up by its key, and only components and new nodes are solved.

    A component is named by one of its own nodes, so no two can ever bear one name, whatever is dissolved and added
    again. Of components that merge the one with the most aliases stays, so the fewest are pointed anew.

    Leaves the scratch tables `joined_components` (component): after the night, each that gained an edge, a node or a
    merge; and `merged_away` (component, into). -#}
{% macro extend_graph(edges, labels, aliases) -%}
    {%- do _look_up_ends(edges, labels, aliases) -%}
    {%- set pairs -%}
        select
            coalesce(identifier_component, min(account_end) over (partition by identifier)) as a,
            account_end as b
        from graph_ends
    {%- endset -%}
    {%- do scratch('graph_pairs', pairs) -%}
    {%- do connect_components('graph_pairs', 'graph_groups') -%}
    {%- do _choose_survivors(aliases) -%}
    {%- do _add_labels(labels) -%}
    {%- do _point_aliases(aliases) -%}
    {%- set joined -%}
        select distinct coalesce(settled.component, ends.account_end) as component
        from graph_ends as ends
        left join graph_settled as settled on ends.account_end = settled.node
    {%- endset -%}
    {%- do scratch('joined_components', joined) -%}
{%- endmacro %}

{#- Each edge with what its ends are in the small graph: a component, or a new account; a new identifier is none. -#}
{% macro _look_up_ends(edges, labels, aliases) -%}
    {#- Scalar subqueries, so that no planner reads the whole of `labels`; in order, so that pages are met once. -#}
    {%- set found -%}
        select
            known.node,
            coalesce(
                (select alias.component from {{ aliases }} as alias where alias.label = known.label),
                known.label
            ) as component
        from (
            select
                tonight.node,
                (select old.label from {{ labels }} as old where old.node = tonight.node) as label
            from (
                select account as node from {{ edges }}
                union
                select identifier from {{ edges }}
                order by node
            ) as tonight
        ) as known
    {%- endset -%}
    {%- do scratch('graph_found', found) -%}
    {%- set ends -%}
        select
            edge.account,
            edge.identifier,
            coalesce(account.component, edge.account) as account_end,
            identifier.component as identifier_component,
            account.component is null as is_new_account
        from {{ edges }} as edge
        inner join graph_found as account on edge.account = account.node
        inner join graph_found as identifier on edge.identifier = identifier.node
    {%- endset -%}
    {%- do scratch('graph_ends', ends) -%}
{%- endmacro %}

{#- Name each group of the small graph: `graph_settled` (node, component) for its components and new accounts. -#}
{% macro _choose_survivors(aliases) -%}
    {%- set survivors -%}
        select
            grouped.label,
            grouped.component,
            row_number() over (
                partition by grouped.label
                order by
                    case
                        when grouped.components > 1
                            then (select count(*) from {{ aliases }} as alias where alias.component = grouped.component)
                    end desc,
                    grouped.component
            ) as place
        from (
            select
                graph_groups.label,
                known.component,
                count(*) over (partition by graph_groups.label) as components
            from (select distinct component from graph_found where component is not null) as known
            inner join graph_groups on known.component = graph_groups.node
        ) as grouped
    {%- endset -%}
    {%- do scratch('graph_survivors', survivors) -%}
    {%- set settled -%}
        select
            graph_groups.node,
            coalesce(survivor.component, graph_groups.label) as component
        from graph_groups
        left join graph_survivors as survivor on graph_groups.label = survivor.label and survivor.place = 1
    {%- endset -%}
    {%- do scratch('graph_settled', settled) -%}
    {%- set merged_away -%}
        select
            survivor.component,
            settled.component as "into"
        from graph_survivors as survivor
        inner join graph_settled as settled on survivor.component = settled.node
        where survivor.place > 1
    {%- endset -%}
    {%- do scratch('merged_away', merged_away) -%}
{%- endmacro %}

{#- A row for each new node, in the order of the key. -#}
{% macro _add_labels(labels) -%}
    {%- set new_nodes -%}
        select
            node,
            label
        from (
            select
                ends.account as node,
                coalesce(settled.component, ends.account) as label
            from (select distinct account from graph_ends where is_new_account) as ends
            left join graph_settled as settled on ends.account = settled.node
            union all
            select
                ends.identifier,
                coalesce(settled.component, ends.account_end)
            from (
                select
                    identifier,
                    min(account_end) as account_end
                from graph_ends
                where identifier_component is null
                group by identifier
            ) as ends
            left join graph_settled as settled on ends.account_end = settled.node
        ) as added
        order by node
    {%- endset -%}
    {%- do run_query('insert into ' ~ labels ~ ' (node, label) ' ~ new_nodes) -%}
{%- endmacro %}

{#- Components that merged away, and the labels that pointed at them, point at the one that stays. -#}
{% macro _point_aliases(aliases) -%}
    {%- set repointed -%}
        update {{ aliases }}
        set component = merged_away."into"
        from merged_away
        where {{ aliases }}.component = merged_away.component
    {%- endset -%}
    {%- do run_query(repointed) -%}
    {%- do run_query(
        'insert into ' ~ aliases ~ ' (label, component) select component, "into" from merged_away order by component'
    ) -%}
{%- endmacro %}
