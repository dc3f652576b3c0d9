{#- Label each node of the scratch table `pairs` (a, b) with the smallest node of its component, in `labels`
    (node, label). Consumes `pairs`. -#}
{% macro connect_components(pairs, labels) -%}
    {%- do hang_on_smallest(pairs, labels) -%}
    {%- set with_roots -%}
        select * from {{ labels }}
        union all
        select distinct label, label from {{ labels }}
    {%- endset -%}
    {%- do scratch(labels, with_roots) -%}
{%- endmacro %}

{#- The same, without the rows of the smallest nodes themselves.

    Each round hangs every node on its smallest neighbour, which makes trees; keeps what ties two trees as a pair of
    their roots; and repeats on those: contraction as in Kiveris et al. 2014 and Bögeholz et al. 2020. Three in a
    hundred nodes hang on one that hangs itself: only those are followed up to their root (halve_paths) within the
    round, the others learn theirs once, on the way back. Nothing walks a path node by node, so the rounds grow with
    the logarithm of the longest chain. -#}
{% macro hang_on_smallest(pairs, labels) -%}
    {%- set state = namespace(rounds=0, is_done=false) -%}
    {%- for round in range(64) -%}
        {%- if not state.is_done -%}
            {%- set state.rounds = round + 1 -%}
            {%- do _contract_once(pairs, labels ~ '_' ~ state.rounds) -%}
            {%- set state.is_done = scratch_is_empty(pairs) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not state.is_done -%}
        {{ exceptions.raise_compiler_error('Components did not settle in 64 rounds: a defect of connect_components.') }}
    {%- endif -%}
    {%- do scratch(labels, 'select cast(null as bigint) as node, cast(null as bigint) as label where false') -%}
    {%- for back in range(state.rounds) -%}
        {%- do _compose(labels ~ '_' ~ (state.rounds - back), labels) -%}
    {%- endfor -%}
{%- endmacro %}

{#- Hang nodes in `trees`, leave those of them that others need followed to their roots in `trees`_inner, and in
    `pairs` what still ties two roots. -#}
{% macro _contract_once(pairs, trees) -%}
    {%- set hung -%}
        select
            node,
            neighbour,
            first_value(neighbour) over (partition by node order by neighbour) as label,
            lag(neighbour) over (partition by node order by neighbour) as previous
        from (select greatest(a, b) as node, least(a, b) as neighbour from {{ pairs }} where a <> b) as pair
    {%- endset -%}
    {%- do scratch(trees ~ '_hung', hung) -%}
    {%- do scratch(trees, 'select node, label from ' ~ trees ~ '_hung where previous is null') -%}
    {%- set ties -%}
        select
            label as a,
            neighbour as b
        from {{ trees }}_hung
        where neighbour <> label and neighbour <> previous
    {%- endset -%}
    {%- do scratch(pairs, ties) -%}
    {%- set inner_nodes -%}
        select
            node,
            label
        from {{ trees }}
        where node in (select label from {{ trees }} union all select b from {{ pairs }})
    {%- endset -%}
    {%- do scratch(trees ~ '_inner', inner_nodes) -%}
    {%- do halve_paths(trees ~ '_inner') -%}
    {%- set between_roots -%}
        select distinct
            least(coalesce(tree_a.label, pair.a), coalesce(tree_b.label, pair.b)) as a,
            greatest(coalesce(tree_a.label, pair.a), coalesce(tree_b.label, pair.b)) as b
        from {{ pairs }} as pair
        left join {{ trees }}_inner as tree_a on pair.a = tree_a.node
        left join {{ trees }}_inner as tree_b on pair.b = tree_b.node
        where coalesce(tree_a.label, pair.a) <> coalesce(tree_b.label, pair.b)
    {%- endset -%}
    {%- do scratch(pairs, between_roots) -%}
{%- endmacro %}

{#- The labels of an early round, followed to the roots of the rounds after it. -#}
{% macro _compose(trees, labels) -%}
    {%- set upper -%}
        select
            tree.node,
            coalesce(late.label, tree.label) as label
        from {{ trees }}_inner as tree
        left join {{ labels }} as late on tree.label = late.node
        union all
        select * from {{ labels }}
    {%- endset -%}
    {%- do scratch(trees ~ '_upper', upper) -%}
    {%- set followed -%}
        select
            tree.node,
            coalesce(upper_tree.label, tree.label) as label
        from {{ trees }} as tree
        left join {{ trees }}_upper as upper_tree on tree.label = upper_tree.node
        union all
        select * from {{ labels }}
    {%- endset -%}
    {%- do scratch(labels, followed) -%}
{%- endmacro %}
