{#- What a message calls an article: 20 characters hold it, because the longest field of a WeChat template (thing) takes
    no more: developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-message-management/subscribe-message. -#}
{% macro short_title(title) -%}
    case when char_length({{ title }}) > 20 then left({{ title }}, 19) || '…' else {{ title }} end
{%- endmacro %}
