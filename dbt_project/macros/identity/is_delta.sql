{#- Whether this build continues the last one. `quanyu.dbt` says so, and only when the last build finished under the same
    policy and code and all it left is still there; otherwise everything is built anew, with the same outcome. -#}
{% macro is_delta() -%}
    {{ return(env_var('DBT_QUANYU_DELTA', 'no') == 'yes') }}
{%- endmacro %}
