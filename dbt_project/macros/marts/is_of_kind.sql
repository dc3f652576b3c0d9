{#- That a touchpoint is of a kind of the seed touchpoint_kinds; both by the name they have in the query. -#}
{% macro is_of_kind(touchpoints, kinds) -%}
    {{ touchpoints }}.channel = {{ kinds }}.channel
    and {{ touchpoints }}.touchpoint_type = {{ kinds }}.touchpoint_type
    and coalesce({{ touchpoints }}.placement, '') = coalesce({{ kinds }}.placement, '')
{%- endmacro %}
