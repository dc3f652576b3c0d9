{#- One row per figure that is not zero: the columns of a relation, what was done and how often.
    figures_of('reports', {'ad_click': 'clicks'}) -#}
{% macro figures_of(relation, figures) -%}
    {%- for touchpoint_type, figure in figures.items() %}
        select
            *,
            '{{ touchpoint_type }}' as touchpoint_type,
            {{ figure }} as quantity
        from {{ relation }}
        where {{ figure }} > 0
        {% if not loop.last %}union all{% endif %}
    {%- endfor %}
{%- endmacro %}
