{#- Whether a person is in the control of an experiment: the first 32 bits of SHA-256 of salt and One-ID, as activation
    draws holdouts. The same wherever it is computed, and for good, because neither ever changes. -#}
{% macro is_control(salt, one_id, percent) -%}
    {{ return(adapter.dispatch('is_control')(salt, one_id, percent)) }}
{%- endmacro %}

{% macro default__is_control(salt, one_id, percent) -%}
    cast(conv(substr(sha2({{ salt }} || {{ one_id }}, 256), 1, 8), 16, 10) as bigint) < {{ percent }} * 42949672.96
{%- endmacro %}

{% macro postgres__is_control(salt, one_id, percent) -%}
    cast(
        cast('x' || left(encode(sha256(convert_to({{ salt }} || {{ one_id }}, 'UTF8')), 'hex'), 8) as bit(32)) as bigint
    ) < {{ percent }} * 42949672.96
{%- endmacro %}
