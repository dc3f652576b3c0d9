{#- In a delta, of a relation named in a `from`, only the rows of a person from so many days before their first change
    on: `where_changed_since('touchpoints', 'one_id', 'occurred_on', ref('int_changed__customers'), 30)`. For models
    whose rows look ahead by that many days and never back. Everything when the marts are built anew. -#}
{% macro where_changed_since(relation, column, day, changed, days) -%}
    {%- if is_delta() -%}
        where exists (
            select 1 from {{ changed }} as changed
            where
                {{ relation }}.{{ column }} = changed.{{ column }}
                and {{ relation }}.{{ day }} >= {{ days_after('changed.since_on', -days) }}
        )
    {%- endif -%}
{%- endmacro %}
