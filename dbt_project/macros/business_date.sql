{#- The night's only clock, as a date literal. -#}
{% macro business_date() -%}
    {%- set day = var('business_date', '') | string -%}
    {%- if not modules.re.fullmatch('\\d{4}-\\d{2}-\\d{2}', day) -%}
        {{ exceptions.raise_compiler_error(
            "The variable business_date is missing or not a date (got '" ~ day ~ "'). "
            ~ "Run through `quanyu` or pass --vars '{business_date: 2026-11-20}'."
        ) }}
    {%- endif -%}
    cast('{{ day }}' as date)
{%- endmacro %}
