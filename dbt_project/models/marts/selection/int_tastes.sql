-- Grain: one taste that somebody has.
{% set columns = ['taste_key'] %}
{% for place in range(1, var('selection_categories') + 1) %}
    {% do columns.append('category_' ~ place) %}
    {% do columns.append('steps_' ~ place) %}
{% endfor %}
{% do columns.append('last_product_key') %}
{{ config(materialized='tally', key=columns, count='people') }}

with

tastes as (select * from {{ changes_of(ref('dim_customer_tastes')) }} as changes),

int_tastes as (
    select
        {{ columns | join(', ') }},
        cast(sum(sign) as bigint) as people
    from tastes
    group by {{ columns | join(', ') }}
)

select * from int_tastes
