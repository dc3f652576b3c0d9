{#- JD's wall clock (text) as a moment; what never happened is written as the year 1 or 1970. -#}
{% macro jd_time(expression) -%}
    {{ shanghai_time("nullif(nullif(" ~ expression ~ ", '0001-01-01 00:00:00'), '1970-01-01 00:00:00')") }}
{%- endmacro %}
