{#- By how much a sum grew since the count before, of the same post; null for the first count, of which nobody knows the
    days it belongs to. -#}
{% macro growth(figure, post) -%}
    {{ figure }} - lag({{ figure }}) over (partition by {{ post | join(', ') }} order by counted_on)
{%- endmacro %}
