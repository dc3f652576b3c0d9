"""What the report draws of the published marts: one picture each, asked for only when its mart is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from quanyu.report import mart_pictures as draw


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelCell:
    """One AISAS stage of one channel on the business date."""

    stage: str
    channel: str
    events: int
    customers: int
    revenue_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """How many people bore one AIPL label some time ago and bear another, or the same, on the business date."""

    before: str
    after: str
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """How many of the people whose first order was in one month bought again so many months later."""

    cohort: str
    period: int
    size: int
    customers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """The revenue that one attribution model gives to one channel."""

    model: str
    channel: str
    credit_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One link of a declared journey: how many reached its beginning and how many went on."""

    journey: str
    step: int
    before: str
    after: str
    reached: int
    passed: int
    is_broken: bool
    is_open: bool = False
    """Whether people of the week may still go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MartPicture:
    """A picture of a mart: what is asked, as which rows, and how they are drawn. No rows, no picture."""

    title: str
    note: str
    mart: str
    query: str
    row: type[Any]
    draw: Callable[[Any], str]


PICTURES = (
    MartPicture(
        title="Funnel of the day (AISAS) 全链路漏斗",
        note="Events by stage and the channels they happened on; the axis is logarithmic.",
        mart="fct_funnel_daily",
        query="""
            select stage, channel, events, customers, revenue_fen
            from marts.fct_funnel_daily where funnel_on = %(date)s
            order by array_position(array['attention', 'interest', 'search', 'action', 'share'], stage), channel
        """,
        row=FunnelCell,
        draw=draw.funnel_picture,
    ),
    MartPicture(
        title="AIPL: where people went in thirty days 人群流转",
        note="From the label of thirty days ago to that of tonight; pale bands stayed. New people had no label then.",
        mart="fct_aipl_spells",
        query="""
            with borne as (
                select one_id, label, day
                from marts.fct_aipl_spells
                inner join (values ('then', %(date)s - 30), ('now', %(date)s)) as moment (day, on_day)
                    on from_on <= on_day and (until_on is null or until_on > on_day)
            )

            select coalesce(was.label, 'new') as before, now.label as after, count(*) as people
            from borne as now
            left join borne as was on was.one_id = now.one_id and was.day = 'then'
            where now.day = 'now' and (now.label <> 'lost' or coalesce(was.label, 'new') <> 'lost')
            group by 1, 2 order by 1, 2
        """,
        row=Flow,
        draw=draw.flows_picture,
    ),
    MartPicture(
        title="Retention by month of the first order 留存",
        note="The share of each cohort that ordered in the months after; the size of the cohort in brackets.",
        mart="fct_cohorts",
        query="""
            with months as (
                select
                    cohort_month, months_since, sum(people) as customers,
                    sum(cohort_people) filter (where months_since = 0) as size
                from marts.fct_cohorts
                where cohort_month > %(date)s - interval '12 months'
                group by cohort_month, months_since
            )

            select
                to_char(cohort_month, 'YYYY-MM') as cohort, months_since as period,
                max(size) over (partition by cohort_month)::bigint as size, customers::bigint
            from months order by cohort_month, months_since
        """,
        row=Cohort,
        draw=draw.retention_picture,
    ),
    MartPicture(
        title="Attribution: what seven models credit the channels with 归因",
        note="Net revenue of the orders of the last thirty days; every model shares out the same sum.",
        mart="fct_attribution",
        query="""
            select model, channel, sum(credit_fen)::bigint as credit_fen
            from marts.fct_attribution
            where ordered_on > %(date)s - 30 and ordered_on <= %(date)s
            group by model, channel order by model, channel
        """,
        row=Credit,
        draw=draw.attribution_picture,
    ),
    MartPicture(
        title="Where journeys break 断路点",
        note="Each link in the newest of thirteen weeks that has settled, else in the oldest; red is a breakpoint.",
        mart="fct_breakpoints",
        query="""
            select distinct on (template, step)
                template as journey, step, from_node as before, to_node as after,
                people as reached, people_going_on as passed, is_breakpoint as is_broken, state = 'open' as is_open
            from marts.fct_breakpoints
            where campaign_key = 'all' and starts_on > %(date)s - 91 and starts_on <= %(date)s
            order by
                template, step, array_position(array['open', 'no_people'], state) nulls first,
                case when state = 'open' then starts_on end, starts_on desc
        """,
        row=Link,
        draw=draw.links_picture,
    ),
)
