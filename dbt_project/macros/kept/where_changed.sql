{#- In a delta only the rows of what changed: `where_changed('one_id', ref('int_changed__customers'))` after a relation in
    a `from`. Everything when the marts are built anew. -#}
{% macro where_changed(column, changed) -%}
    {%- if is_delta() -%}
        where {{ column }} in (select changed.{{ column }} from {{ changed }} as changed)
    {%- endif -%}
{%- endmacro %}
