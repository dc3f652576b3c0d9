{#- Label each node of the scratch table `pairs` (a, b) with the smallest node of its component, in `labels`
    (node, label). Each round hangs every node on its smallest neighbour, halves the paths until all hang on a root,
    keeps the pairs between roots, and repeats on those: contraction as in Kiveris et al. 2014 and Bögeholz et al.
    2020. Nothing walks a path node by node, so the rounds grow with the logarithm of the longest chain. -#}
{% macro connect_components(pairs, labels) -%}
    {%- set state = namespace(rounds=0, is_done=false) -%}
    {%- do scratch(pairs, 'select distinct a, b from ' ~ pairs ~ ' where a <> b') -%}
    {%- for round in range(64) -%}
        {%- if not state.is_done -%}
            {%- set state.is_done = scratch_is_empty(pairs) -%}
        {%- endif -%}
        {%- if not state.is_done -%}
            {%- set state.rounds = round + 1 -%}
            {%- do _contract_once(pairs, labels ~ '_' ~ state.rounds) -%}
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

{#- Hang every node on a root in `roots`, and leave in `pairs` what still ties two roots. -#}
{% macro _contract_once(pairs, roots) -%}
    {%- set hang -%}
        select
            node,
            least(node, min(neighbour)) as label
        from (select a as node, b as neighbour from {{ pairs }} union all select b, a from {{ pairs }}) as ends
        group by node
    {%- endset -%}
    {%- do scratch(roots, hang) -%}
    {%- do halve_paths(roots) -%}
    {%- set between_roots -%}
        select distinct
            least(root_a.label, root_b.label) as a,
            greatest(root_a.label, root_b.label) as b
        from {{ pairs }} as pair
        inner join {{ roots }} as root_a on pair.a = root_a.node
        inner join {{ roots }} as root_b on pair.b = root_b.node
        where root_a.label <> root_b.label
    {%- endset -%}
    {%- do scratch(pairs, between_roots) -%}
{%- endmacro %}

{#- The labels of an early round, followed to the roots of the rounds after it. -#}
{% macro _compose(early, late) -%}
    {%- set followed -%}
        select
            early.node,
            coalesce(late.label, early.label) as label
        from {{ early }} as early
        left join {{ late }} as late on early.label = late.node
    {%- endset -%}
    {%- do scratch(late, followed) -%}
{%- endmacro %}
