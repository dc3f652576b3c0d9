{#- One raw table, or the rows of several as a subquery. -#}
{% macro every_version(relations) -%}
    {%- if relations | length == 1 -%}
        {{ relations[0] }}
    {%- else -%}
        (
        {%- for relation in relations %}
            select
                account,
                record_key,
                version,
                business_date,
                payload,
                is_deleted,
                landed_on,
                load_id
            from {{ relation }}
            {%- if not loop.last %}
            union all
            {%- endif %}
        {%- endfor %}
        ) as feeds
    {%- endif -%}
{%- endmacro %}
