-- opening 0 + created + split - merged - dissolved = people today.

with events as (
    select sum(case when event in ('created', 'split') then 1 else -1 end) as people
    from {{ ref('identity_events') }}
),

components as (
    select count(distinct one_id) as people
    from {{ ref('int_identity__components') }}
)

select
    events.people as people_by_events,
    components.people as people_today
from events
cross join components
where coalesce(events.people, 0) <> components.people
