{#- Yuan as text ('12.30') to integer fen (1230). -#}
{% macro fen(expression) -%}
    cast(round({{ number(expression) }} * 100) as bigint)
{%- endmacro %}
