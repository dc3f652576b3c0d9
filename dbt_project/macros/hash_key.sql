{#- 32 hex characters that name a tuple of texts: the first half of the SHA-256 of 'a|b|c'. -#}
{% macro hash_key(parts) -%}
    {{ return(adapter.dispatch('hash_key')(parts)) }}
{%- endmacro %}

{% macro default__hash_key(parts) -%}
    substr(sha2({{ parts | join(" || '|' || ") }}, 256), 1, 32)
{%- endmacro %}

{% macro postgres__hash_key(parts) -%}
    left(encode(sha256(convert_to({{ parts | join(" || '|' || ") }}, 'UTF8')), 'hex'), 32)
{%- endmacro %}
