{#- json as jsonb. jsonb refuses the escape of a NUL, which platforms do send inside titles: it is dropped. -#}
{% macro as_jsonb(column) -%}
    case
        when position('\u0000' in cast({{ column }} as text)) > 0
            then cast(regexp_replace(cast({{ column }} as text), '(?<!\\)((?:\\\\)*)\\u0000', '\1', 'g') as jsonb)
        else cast({{ column }} as jsonb)
    end
{%- endmacro %}
