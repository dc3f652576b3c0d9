"""Restate the days of the funnel that readers saw: what identity moved, what came late, what settled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from quanyu.warehouse import Connection

FIGURES = ("events", "revenue_fen", "customers", "buyers_within_7_days", "buyers_within_30_days")

# Grain: cell, figure, cause and whom it turns on; `difference` is what that moves the figure by.
_TABLE = """
create temporary table part (
    funnel_on date, channel text, stage text, figure text, cause text, hub text, difference bigint
) on commit drop
"""

# Persons are distinct within a cell, so what identity moves is counted over the persons it involves, on the facts as
# they were shown: present as they are known tonight, less present as they were known then. The order is the mart's.
_IDENTITY = """
insert into part
with act as (
    select
        shown.touchpoint_key, shown.occurred_on, shown.channel, shown.touchpoint_type, shown.placement,
        shown.occurred_at, shown.one_id as was,
        case when delta.cause is null then shown.one_id else delta.now end as now
    from marts.fct_touchpoints as shown
    left join fct_touchpoints_delta as delta on delta.key = shown.touchpoint_key
    where shown.one_id in (select person from involved)
        or (delta.cause is not null and delta.now in (select person from involved))
),

lived as (
    select *, -1 as sign, was as person from act where was is not null
    union all
    select *, 1, now from act where now is not null
),

followed as (
    select *,
        min(case when touchpoint_type = 'order' then occurred_at end) over (
            partition by sign, person
            order by occurred_at desc, case when touchpoint_type = 'order' then 0 else 1 end, touchpoint_key
            rows between unbounded preceding and 1 preceding
        ) - occurred_at as wait
    from lived
),

present as (
    select
        followed.occurred_on, followed.channel, stages.stage, followed.person, followed.sign,
        bool_or(wait < interval '7 days') as within_7, bool_or(wait < interval '30 days') as within_30
    from followed
    inner join policy.touchpoint_kinds as stages
        on stages.channel = followed.channel and stages.touchpoint_type = followed.touchpoint_type
        and coalesce(stages.placement, '') = coalesce(followed.placement, '')
    where stages.stage <> 'none'
    group by followed.occurred_on, followed.channel, stages.stage, followed.person, followed.sign
)

select
    occurred_on, channel, stage, figure, (select cause from involved as of_hub where of_hub.person = involved.hub),
    involved.hub, sum(sign * counts::int)
from present
inner join involved using (person)
cross join lateral (
    values ('customers', true), ('buyers_within_7_days', within_7), ('buyers_within_30_days', within_30)
) as told (figure, counts)
where counts
group by occurred_on, channel, stage, figure, involved.hub
having sum(sign * counts::int) <> 0
"""

# Acts of days that were shown: those that came late add, those that are gone or other take away and add.
_ACTS = """
insert into part
with told as (
    select act.*, sign, case
        when delta.shown is null then 'late_evidence'
        when act.touchpoint_type = 'order' and delta.shown - 'revenue_fen' - 'one_id' = delta.built - 'revenue_fen'
            - 'one_id' and (delta.shown ->> 'revenue_fen')::bigint > (delta.built ->> 'revenue_fen')::bigint
            then 'refund'
        else 'corrected'
    end as cause
    from fct_touchpoints_delta as delta
    cross join lateral (values (delta.shown, -1), (delta.built, 1)) as version (facts, sign)
    cross join lateral jsonb_to_record(version.facts) as act (
        occurred_on date, channel text, touchpoint_type text, placement text, quantity bigint, revenue_fen bigint
    )
    where version.facts is not null
)

select told.occurred_on, told.channel, stages.stage, figure, told.cause, null, sum(sign * value)
from told
inner join policy.touchpoint_kinds as stages
    on stages.channel = told.channel and stages.touchpoint_type = told.touchpoint_type
    and coalesce(stages.placement, '') = coalesce(told.placement, '')
cross join lateral (values ('events', quantity), ('revenue_fen', revenue_fen)) as counted (figure, value)
where stages.stage <> 'none' and told.occurred_on <= %(previous)s
group by told.occurred_on, told.channel, stages.stage, figure, told.cause
having sum(sign * value) <> 0
"""

# What is left: persons of acts that came late or were corrected, orders that followed since, another table of stages.
_REST = """
insert into part
with cell as (
    select funnel_on, channel, stage, figure,
        (to_jsonb(shown) ->> figure)::bigint as before, (to_jsonb(built) ->> figure)::bigint as after
    from (select * from marts.fct_funnel_daily where funnel_on <= %(previous)s) as shown
    full join (select * from marts_build.fct_funnel_daily where funnel_on <= %(previous)s) as built
        using (funnel_on, channel, stage)
    cross join unnest(%(figures)s::text[]) as figure
    where shown is distinct from built
),

explained as (
    select funnel_on, channel, stage, figure, sum(difference) as difference
    from part group by funnel_on, channel, stage, figure
)

select
    cell.funnel_on, cell.channel, cell.stage, cell.figure,
    coalesce(
        case
            when cell.figure in ('events', 'revenue_fen') then 'policy'
            else (
                select min(part.cause) from part
                where part.funnel_on = cell.funnel_on and part.channel = cell.channel and part.stage = cell.stage
                    and part.cause in ('late_evidence', 'corrected') and part.figure = 'events'
            )
        end,
        case when cell.figure = 'customers' then 'corrected' else 'later_order' end
    ),
    null, coalesce(cell.after, 0) - coalesce(cell.before, 0) - coalesce(explained.difference, 0)
from cell
left join explained using (funnel_on, channel, stage, figure)
where coalesce(cell.after, 0) - coalesce(cell.before, 0) - coalesce(explained.difference, 0) <> 0
"""

_TELL = """
select
    %(date)s, %(previous)s, 'fct_funnel_daily', concat_ws('|', part.funnel_on, part.channel, part.stage), part.figure,
    coalesce((to_jsonb(shown) ->> part.figure)::bigint, 0) + sum(part.difference) over after_it - part.difference,
    coalesce((to_jsonb(shown) ->> part.figure)::bigint, 0) + sum(part.difference) over after_it,
    part.cause, of_hub.one_id, of_hub.other_one_id, of_hub.happened_on, of_hub.identifier_type, of_hub.decision_id,
    nullif(of_hub.detail, '')
from part
left join marts.fct_funnel_daily as shown using (funnel_on, channel, stage)
left join involved as of_hub on of_hub.person = part.hub
where part.funnel_on <= %(previous)s
window after_it as (
    partition by part.funnel_on, part.channel, part.stage, part.figure
    order by part.hub nulls last, part.cause
    rows between unbounded preceding and current row
)
order by part.funnel_on, part.channel, part.stage, part.figure, part.hub nulls last, part.cause
"""


def restate(connection: Connection, insert: str, night: Mapping[str, date]) -> int:
    """Write one row per figure of a shown day and cause; each begins with what the one before it left."""
    connection.execute(_TABLE)
    connection.execute(_IDENTITY)
    connection.execute(_ACTS, night)
    connection.execute(_REST, {**night, "figures": list(FIGURES)})
    return connection.execute(insert + _TELL, night).rowcount
