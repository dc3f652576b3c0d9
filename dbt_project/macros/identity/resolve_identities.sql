{#- Decide which identifiers join which accounts: everything, from the candidates in the scratch table `fresh`.

    First everything joins: connected components of the bipartite graph of accounts and identifiers, each node with its
    label (macro connect_graph). Only where somebody would be two persons is a component looked into
    (settle_components). Leaves the tables of macro beside_resolution. -#}
{% macro resolve_identities() -%}
    {%- do refuse_collisions('fresh', 'account_key', 'account') -%}
    {%- do refuse_collisions('fresh', 'node_key', 'identifier') -%}
    {%- do scratch('joining', "select account, identifier from fresh where kind <> 'attribute'") -%}
    {%- set labels, aliases = last_build('int_identity__labels'), last_build('int_identity__aliases') -%}
    {%- do connect_graph('joining', labels, aliases) -%}
    {%- set subjects -%}
        select
            accounts.account,
            labels.label as component
        from (select distinct account from joining) as accounts
        inner join {{ labels }} as labels on accounts.account = labels.node
    {%- endset -%}
    {%- do scratch('subjects', subjects) -%}
    {%- do settle_components('fresh') -%}
    {%- for name, key in _side_tables().items() -%}
        {%- set relation = last_build('int_identity__' ~ name) -%}
        {%- do run_query(
            'drop table if exists ' ~ relation ~ ' cascade'
            ~ '; create table ' ~ relation ~ ' as select * from settled_' ~ name
            ~ '; create index on ' ~ relation ~ ' (' ~ key ~ ')'
            ~ '; analyze ' ~ relation
        ) -%}
    {%- endfor -%}
    {%- do note_touched('select account_key from fresh where false') -%}
{%- endmacro %}

{#- What settle_components leaves, and the column by which a delta replaces it. -#}
{% macro _side_tables() -%}
    {{ return({'clusters': 'account', 'vetoes': 'identifier', 'epoch_edges': 'account_key'}) }}
{%- endmacro %}

{#- Leave the accounts whose person may have changed, for the models after this one. -#}
{% macro note_touched(query) -%}
    {%- set relation = last_build('int_identity__touched') -%}
    {%- do run_query(
        'create table if not exists ' ~ relation ~ ' (account_key text)'
        ~ '; truncate ' ~ relation
        ~ '; insert into ' ~ relation ~ ' ' ~ query
        ~ '; analyze ' ~ relation
    ) -%}
{%- endmacro %}
