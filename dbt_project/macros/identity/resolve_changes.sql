{#- Solve again what tonight's changes touch, and nothing else; the outcome is that of resolve_identities.

    `fresh` holds the candidates of the identifiers in int_identity__changes. New edges extend the graph of labels;
    components that lost an edge are dissolved and put together from what is left; components that changed in any way
    are settled again. -#}
{% macro resolve_changes() -%}
    {%- set labels, aliases = last_build('int_identity__labels'), last_build('int_identity__aliases') -%}
    {%- do _find_changed_edges() -%}
    {%- do dissolve_components('gone_nodes', labels, aliases) -%}
    {%- set arriving -%}
        select account, identifier from come
        union
        select kept.account, kept.identifier
        from {{ this }} as kept
        inner join dissolved on kept.account = dissolved.node
        where kept.kind <> 'attribute'
    {%- endset -%}
    {%- do scratch('arriving', arriving) -%}
    {%- do extend_graph('arriving', labels, aliases) -%}
    {%- do _find_subjects(labels, aliases) -%}
    {%- do settle_components('scope') -%}
    {%- set nodes = 'select node from touched_nodes union select node from dissolved union select node from gone_nodes' -%}
    {%- set touched -%}
        select account_key from scope
        union
        select account_key from gone
        union
        select {{ this }}.account_key from {{ this }} inner join dissolved on {{ this }}.account = dissolved.node
    {%- endset -%}
    {%- do note_touched(touched) -%}
    {%- set keys = {
        'account': nodes,
        'identifier': nodes,
        'account_key': 'select account_key from ' ~ last_build('int_identity__touched'),
    } -%}
    {%- for name, key in _side_tables().items() -%}
        {%- set relation = last_build('int_identity__' ~ name) -%}
        {%- do run_query(
            'delete from ' ~ relation ~ ' where ' ~ key ~ ' in (' ~ keys[key] ~ ')'
            ~ '; insert into ' ~ relation ~ ' select * from settled_' ~ name
        ) -%}
    {%- endfor -%}
{%- endmacro %}

{#- Compare the candidates of changed identifiers with what was solved last, and put them in its place. -#}
{% macro _find_changed_edges() -%}
    {%- set columns = adapter.get_columns_in_relation(this) | map(attribute='quoted') | join(', ') -%}
    {%- set changed = 'select identifier_key from ' ~ last_build('int_identity__changes') -%}
    {%- do scratch('last_solved', 'select ' ~ columns ~ ' from ' ~ this ~ ' where identifier_key in (' ~ changed ~ ')') -%}
    {%- for one, other, name in [('last_solved', 'fresh', 'gone'), ('fresh', 'last_solved', 'come')] -%}
        {%- set difference -%}
            select {{ one }}.account_key, {{ one }}.account, {{ one }}.identifier
            from {{ one }}
            left join {{ other }}
                on
                    {{ one }}.account = {{ other }}.account
                    and {{ one }}.identifier = {{ other }}.identifier
            where {{ other }}.account is null and {{ one }}.kind <> 'attribute'
        {%- endset -%}
        {%- do scratch(name, difference) -%}
    {%- endfor -%}
    {%- do scratch('gone_nodes', 'select account as node from gone union select identifier from gone') -%}
    {%- set altered -%}
        select account from (
            (select {{ columns }} from last_solved except select {{ columns }} from fresh)
            union all
            (select {{ columns }} from fresh except select {{ columns }} from last_solved)
        ) as different
        union
        select {{ node_id('account_key') }} from {{ last_build('int_identity__differences') }} where may_change_age
    {%- endset -%}
    {%- do scratch('altered', altered) -%}
    {%- do run_query('delete from ' ~ this ~ ' where identifier_key in (' ~ changed ~ ')') -%}
    {% call statement('main') -%}
        insert into {{ this }} ({{ columns }}) select {{ columns }} from fresh
    {%- endcall %}
    {%- do _refuse_new_collisions() -%}
{%- endmacro %}

{% macro _refuse_new_collisions() -%}
    {%- for key, node in [('account_key', 'account'), ('node_key', 'identifier')] -%}
        {%- set met -%}
            select known.{{ node }}, known.{{ key }}
            from {{ this }} as known
            inner join (select distinct {{ node }} from fresh) as nodes on known.{{ node }} = nodes.{{ node }}
        {%- endset -%}
        {%- do scratch('met', met) -%}
        {%- do refuse_collisions('met', key, node) -%}
    {%- endfor -%}
{%- endmacro %}

{#- Everybody in the components that changed: `subjects` (account, component), and their candidates in `scope`. -#}
{% macro _find_subjects(labels, aliases) -%}
    {%- set components -%}
        select component from joined_components
        union
        select coalesce(aliases.component, labels.label)
        from altered
        inner join {{ labels }} as labels on altered.account = labels.node
        left join {{ aliases }} as aliases on labels.label = aliases.label
    {%- endset -%}
    {%- do scratch('touched_components', components) -%}
    {%- set nodes -%}
        select labels.node, named.component
        from (
            select component as label, component from touched_components
            union
            select aliases.label, aliases.component
            from {{ aliases }} as aliases
            inner join touched_components on aliases.component = touched_components.component
        ) as named
        inner join {{ labels }} as labels on named.label = labels.label
    {%- endset -%}
    {%- do scratch('touched_nodes', nodes) -%}
    {%- set scope -%}
        select candidates.*, touched_nodes.component as scope_component
        from {{ this }} as candidates
        inner join touched_nodes on candidates.account = touched_nodes.node
    {%- endset -%}
    {%- do scratch('scope', scope) -%}
    {%- do scratch('subjects', 'select distinct account, scope_component as component from scope') -%}
{%- endmacro %}
