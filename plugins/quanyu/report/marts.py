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
    """How many people stood in one AIPL stage the day before and in another, or the same, on the business date."""

    before: str
    after: str
    customers: int


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
        title="Funnel of the day (AISAS)",
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
)
