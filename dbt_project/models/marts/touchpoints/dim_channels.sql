-- Grain: one kind of touchpoint: a channel, what is done there and, of advertising and articles, where it is placed.
select
    channel,
    touchpoint_type,
    placement,
    stage,
    domain,
    field,
    phase,
    why,
    channel || '|' || touchpoint_type || '|' || coalesce(placement, '') as kind_key
from {{ ref('touchpoint_kinds') }}
