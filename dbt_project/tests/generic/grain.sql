{#- No two rows share `columns`, and every row has what is in `never_null`. One test a model: dbt spends more on each
    test that it runs than Postgres does (docs/decisions/0037-few-tests-a-model.md). Fails with the number of rows. -#}
{% test grain(model, columns, never_null=[]) %}
    {{ config(fail_calc='coalesce(sum(rows_at_fault), 0)') }}

select
    '{{ columns | join(', ') }} is not unique' as fault,
    count(*) as rows_at_fault
from (select 1 from {{ model }} group by {{ columns | join(', ') }} having count(*) > 1) as copies
having count(*) > 0
{% for column in never_null %}
union all
select
    '{{ column }} is null' as fault,
    count(*) as rows_at_fault
from {{ model }}
where {{ column }} is null
having count(*) > 0
{% endfor %}

{% endtest %}
