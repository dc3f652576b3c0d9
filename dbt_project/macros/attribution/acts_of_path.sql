{#- The acts of paths after the transform of var attribution_path_transform, numbered: a select over the relation `acts`
    (touchpoint_key, channel, campaign_key, occurred_at and the columns that name the path). `consecutive`: of a run of
    acts of one channel and campaign the newest stays, from which decay is measured; `first`: each channel and campaign
    once, where it first came up; `none`: all. An act's predecessor is `(start)` for the first one. -#}
{% macro acts_of_path(acts, path) -%}
    {%- set transform = var('attribution_path_transform', 'consecutive') -%}
    {%- set by_time = 'partition by ' ~ path | join(', ') ~ ' order by occurred_at, touchpoint_key' -%}
    {%- set touched_before = 'partition by ' ~ path | join(', ') ~ ', channel, campaign_key order by occurred_at, touchpoint_key' -%}
    {%- set stays = {
        'consecutive': "coalesce(next_channel <> channel or next_campaign_key <> campaign_key, true)",
        'first': 'occurrence = 1',
        'none': 'true',
    } -%}
    {%- if transform not in stays -%}
        {{ exceptions.raise_compiler_error(
            "attribution_path_transform must be one of " ~ stays | join(', ') ~ ", not '" ~ transform ~ "'."
        ) }}
    {%- endif -%}
    select
        kept.*,
        row_number() over ({{ by_time }}) as position,
        count(*) over (partition by {{ path | join(', ') }}) as path_length,
        coalesce(lag(channel) over ({{ by_time }}), '(start)') as previous_channel
    from (
        select
            acts.*,
            lead(channel) over ({{ by_time }}) as next_channel,
            lead(campaign_key) over ({{ by_time }}) as next_campaign_key,
            row_number() over ({{ touched_before }}) as occurrence
        from {{ acts }} as acts
    ) as kept
    where {{ stays[transform] }}
{%- endmacro %}
