{#- The last version of each record and night, of a table whose versions are nights: counts that are sums so far. -#}
{% macro nightly_versions(relation) -%}
    select
        record_id,
        account,
        record_key,
        counted_on,
        payload,
        landed_on
    from (
        select
            {{ record_id(relation.identifier, 'account', 'record_key') }} as record_id,
            account,
            record_key,
            cast(version as date) as counted_on,
            {{ as_jsonb('payload') }} as payload,
            landed_on,
            row_number() over (
                partition by account, record_key, cast(version as date) order by version desc, load_id desc
            ) as age
        from {{ relation }}
        where landed_on <= {{ business_date() }} and not is_deleted
    ) as versions
    where age = 1
{%- endmacro %}
