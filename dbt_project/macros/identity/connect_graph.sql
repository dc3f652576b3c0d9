{#- Solve a whole graph of accounts and identifiers, from a relation `edges` (account, identifier) of 64-bit nodes in
    one id space, and make two permanent tables, in place of older ones of these names:

    `labels` (node, label): every node and the smallest account of its component; extend_graph adds rows and changes
    none. `aliases` (label, component): which labels have become part of another component since; none yet.

    An identifier's smallest account stands for it (one sort), so that components are solved on the accounts alone;
    seven edges in ten of a retailer tie nothing and leave before that. -#}
{% macro connect_graph(edges, labels, aliases) -%}
    {#- Sorts read in order and share the processors; hashes of this size miss the cache at each row. -#}
    {%- do run_query(
        "set local jit = off; set local enable_hashagg = off; set local work_mem = '256MB'; "
        ~ 'set local parallel_tuple_cost = 0.001'
    ) -%}
    {%- set stars -%}
        select
            identifier,
            first_value(account) over (partition by identifier order by account) as hub,
            case when lag(account) over (partition by identifier order by account) is not null then account end as ray
        from {{ edges }}
    {%- endset -%}
    {%- do scratch('graph_stars', stars) -%}
    {%- do scratch('graph_pairs', 'select hub as a, ray as b from graph_stars where ray <> hub') -%}
    {%- do hang_on_smallest('graph_pairs', 'graph_hung') -%}
    {%- set all_nodes -%}
        select
            stars.identifier as node,
            coalesce(hung.label, stars.hub) as label
        from graph_stars as stars
        left join graph_hung as hung on stars.hub = hung.node
        where stars.ray is null
        union all
        select
            accounts.account,
            coalesce(hung.label, accounts.account)
        from (select distinct account from {{ edges }}) as accounts
        left join graph_hung as hung on accounts.account = hung.node
    {%- endset -%}
    {%- do run_query('drop table if exists ' ~ labels ~ '; drop table if exists ' ~ aliases) -%}
    {%- do run_query('create table ' ~ labels ~ ' as ' ~ all_nodes) -%}
    {%- do run_query(
        'alter table ' ~ labels ~ ' alter column label set not null, add primary key (node); '
        ~ 'create index on ' ~ labels ~ ' (label); analyze ' ~ labels ~ '; '
        ~ 'create table ' ~ aliases ~ ' (label bigint primary key, component bigint not null); '
        ~ 'create index on ' ~ aliases ~ ' (component)'
    ) -%}
    {%- do run_query('drop table graph_stars; drop table graph_hung') -%}
    {%- do run_query(
        'set local jit to default; set local enable_hashagg to default; set local work_mem to default; '
        ~ 'set local parallel_tuple_cost to default'
    ) -%}
{%- endmacro %}
