{#- One of the tables that int_identity__resolution keeps beside itself: labels (node, label), aliases (label, component),
    clusters (account, cluster), vetoes (identifier, refused_because, refused_detail), epoch_edges, touched (account_key). -#}
{% macro beside_resolution(name) -%}
    {{ return(ref('int_identity__resolution').incorporate(path={'identifier': 'int_identity__' ~ name})) }}
{%- endmacro %}
