{#- A record of a raw table as a 64-bit number, by which a night finds the rows that come of it. Two records that share
    one (five in a million among ten million) are always looked at together, so nothing depends on its being unique. -#}
{% macro record_id(table, account, record_key) -%}
    {{ return(adapter.dispatch('record_id')(table, account, record_key)) }}
{%- endmacro %}

{% macro default__record_id(table, account, record_key) -%}
    xxhash64('{{ table }}', {{ account }}, {{ record_key }})
{%- endmacro %}

{% macro postgres__record_id(table, account, record_key) -%}
    hashtextextended('{{ table }}|' || {{ account }} || '|' || {{ record_key }}, 0)
{%- endmacro %}
