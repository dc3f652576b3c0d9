{#- What a delta took out of a kept model (`removed`) and what it put in (`added`), beside the marts, where nobody reads. -#}
{% macro side_table(relation, side) -%}
    {{ return(relation.incorporate(
        path={'schema': var('schema_prefix', '') ~ 'marts_work', 'identifier': relation.identifier ~ '__' ~ side},
        type='table',
    )) }}
{%- endmacro %}
