{#- The newest version of each record of a raw table, plus the day the record was first landed.
    A night sees what was landed up to its business date, so an old date can be built again.
    Several tables are feeds of the same records: newest_version(source(...), source(...)) reads them as one.
    `record_id` names the record, for the marts to find what a night changed.
    The payload becomes jsonb here, once per row, because each `->>` on json parses the text again. -#}
{% macro newest_version(relation) -%}
    {{ return(adapter.dispatch('newest_version')([relation] + varargs | list)) }}
{%- endmacro %}

{% macro default__newest_version(relations) -%}
    select
        {{ record_id(relations[0].identifier, 'account', 'record_key') }} as record_id,
        account,
        record_key,
        version,
        business_date,
        payload,
        is_deleted,
        landed_on,
        first_landed_on
    from (
        select
            *,
            min(landed_on) over (partition by account, record_key) as first_landed_on,
            row_number() over (
                partition by account, record_key order by version desc, load_id desc
            ) as age
        from {{ every_version(relations) }}
        where landed_on <= {{ business_date() }}
    ) as versions
    where age = 1
{%- endmacro %}

{% macro postgres__newest_version(relations) -%}
    select distinct on (account, record_key)
        {{ record_id(relations[0].identifier, 'account', 'record_key') }} as record_id,
        account,
        record_key,
        version,
        business_date,
        {{ as_jsonb('payload') }} as payload,
        is_deleted,
        landed_on,
        min(landed_on) over (partition by account, record_key) as first_landed_on
    from {{ every_version(relations) }}
    where landed_on <= {{ business_date() }}
    order by account, record_key, version desc, load_id desc
{%- endmacro %}
