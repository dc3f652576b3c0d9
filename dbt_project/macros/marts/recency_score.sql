{#- Five for who bought lately, one for who did not for long: bounds in days, `rfm_recency_days`. -#}
{% macro recency_score(last_order_on) -%}
    case
        {% for days in var('rfm_recency_days') -%}
            when {{ days_between(last_order_on, business_date()) }} <= {{ days }} then {{ 6 - loop.index }}
        {% endfor -%}
        when {{ last_order_on }} is not null then 1
    end
{%- endmacro %}
