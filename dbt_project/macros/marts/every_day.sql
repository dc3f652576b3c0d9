{#- The days from one to another, both included, as rows with a column `day`. -#}
{% macro every_day(first, last) -%}
    {{ return(adapter.dispatch('every_day')(first, last)) }}
{%- endmacro %}

{% macro default__every_day(first, last) -%}
    (select explode(sequence({{ first }}, {{ last }})) as day)
{%- endmacro %}

{% macro postgres__every_day(first, last) -%}
    (
        select cast(series.moment as date) as day
        from generate_series(cast({{ first }} as timestamp), {{ last }}, interval '1 day') as series (moment)
    )
{%- endmacro %}
