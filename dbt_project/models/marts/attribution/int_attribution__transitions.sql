-- Grain: one step from a channel to the next on journeys that ended on a day: in an order, or in nothing, on the day
-- they lapsed. From '(start)'; to '(conversion)' or '(null)'. A channel that follows itself is no step.
{{ config(materialized='tally', key=['ended_on', 'from_channel', 'to_channel'], count='transitions') }}
with

steps as (
    {% for journeys, ended_on, ending in [
        ('int_attribution__paths', 'ordered_on', '(conversion)'), ('int_attribution__silent', 'lapses_on', '(null)'),
    ] %}
        select
            {{ ended_on }} as ended_on,
            previous_channel as from_channel,
            channel as to_channel,
            sign
        from {{ changes_of(ref(journeys)) }} as acts
        where previous_channel <> channel
        union all
        select
            {{ ended_on }} as ended_on,
            channel as from_channel,
            '{{ ending }}' as to_channel,
            sign
        from {{ changes_of(ref(journeys)) }} as acts
        where position = path_length
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

int_attribution__transitions as (
    select
        ended_on,
        from_channel,
        to_channel,
        cast(sum(sign) as bigint) as transitions
    from steps
    group by ended_on, from_channel, to_channel
)

select * from int_attribution__transitions
