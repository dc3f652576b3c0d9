{#- JD's `refoundAmount` (text) as fen. Its unit is not documented: taken for yuan here, and nowhere else.
    Compare one real refund with the shop's statement; if it is fen, this becomes integer_number(expression). -#}
{% macro jd_refund_fen(expression) -%}
    {{ fen(expression) }}
{%- endmacro %}
