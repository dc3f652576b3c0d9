"""Which lists an audience has, what they are called there, and that one process at a time works on each."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import psycopg

from quanyu import warehouse
from quanyu.activation.definition import SegmentDefinition, load
from quanyu.contracts import Audience, Personal
from quanyu.errors import NotReady, Rejected, Retryable
from quanyu.warehouse import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class List:
    """One audience's list of one segment; without a definition the segment asks for it no longer."""

    audience: Audience
    segment: str
    definition: SegmentDefinition | None

    @property
    def name(self) -> str:
        """What the list is called at the platform: the segment's name, cut and marked where it is too long."""
        longest = self.audience.longest_name
        if len(self.segment) <= longest:
            return self.segment
        mark = hashlib.sha256(self.segment.encode()).hexdigest()[:6]
        return f"{self.segment[: longest - 7]}_{mark}"

    @property
    def is_of_phones(self) -> bool:
        """Whether its addresses are tokens of the vault."""
        return self.audience.address_type == Personal.PHONE

    @property
    def values(self) -> dict[str, Any]:
        """What its queries ask. Children and opt-outs count in every list as they do in marketing."""
        return {
            "audience": self.audience.name,
            "segment": self.segment,
            "consent": self.audience.consent,
            "purpose": "marketing",
            "is_of_phones": self.is_of_phones,
        }


def due(connection: Connection, audience: Audience) -> list[List]:
    """The lists that segments ask for, the most important first, and those of which the platform may hold a rest."""
    asked = {name: one for name, one in load(connection).items() if audience.name in one.audiences}
    left = connection.execute(
        "select distinct segment from activation.audience_member where audience = %s order by segment", [audience.name]
    ).fetchall()
    names = [*asked, *(segment for (segment,) in left if segment not in asked)]
    return [List(audience=audience, segment=name, definition=asked.get(name)) for name in names]


def at_work(dsn: str) -> set[str]:
    """The audiences that a segment asks for, and those that still hold somebody."""
    with warehouse.connect(dsn) as connection:
        asked = {name for one in load(connection).values() for name in one.audiences}
        left = connection.execute("select distinct audience from activation.audience_member").fetchall()
    return asked | {audience for (audience,) in left}


def require_published(connection: Connection, business_date: date) -> None:
    """Refuse to mirror under a date that is not the one readers see."""
    row = connection.execute(
        "select business_date from ops.publication order by published_at desc, business_date desc limit 1"
    ).fetchone()
    if row is None or row[0] != business_date:
        seen = f"readers see {row[0]}" if row else "nothing was published yet"
        raise Rejected(
            f"cannot mirror {business_date}: {seen}.", remedy="run the transform of that date; lists follow its tables."
        )


def alone(connection: Connection, of: List) -> None:
    """Keep every other process off the list for as long as this session lives. Raises Retryable when one is at it."""
    connection.execute("set lock_timeout = '3s'")
    try:
        connection.execute(
            "select pg_advisory_lock(hashtextextended(%s, 0))", [f"quanyu.mirror|{of.audience.name}|{of.segment}"]
        )
    except psycopg.errors.LockNotAvailable:
        raise Retryable(
            f"another run is mirroring {of.segment}.", remedy="nothing; it does what this one would have done."
        ) from None
    connection.execute("set lock_timeout = 0")


def found(connection: Connection, of: List, list_id: str) -> bool:
    """Keep the platform's id of the list; return whether another one was kept before."""
    row = connection.execute(
        "select list_id from activation.audience_list where audience = %(audience)s and segment = %(segment)s",
        of.values,
    ).fetchone()
    connection.execute(
        "insert into activation.audience_list (audience, segment, list_id)"
        " values (%(audience)s, %(segment)s, %(list_id)s)"
        " on conflict (audience, segment) do update set list_id = excluded.list_id, making_since = null",
        of.values | {"list_id": list_id},
    )
    return row is not None and row[0] not in {"", list_id}


def making(connection: Connection, of: List, ticks: datetime) -> None:
    """Note that the next call makes the list. Raises NotReady while an earlier such call may still show its effect."""
    row = connection.execute(
        "select making_since from activation.audience_list where audience = %(audience)s and segment = %(segment)s",
        of.values,
    ).fetchone()
    if row is not None and row[0] is not None and ticks < row[0] + of.audience.lag:
        raise NotReady(
            f"the answer to making the list {of.name} was lost, and the platform does not show new lists at once.",
            remedy=f"nothing; it is looked for again after {row[0] + of.audience.lag:%F %R %Z}.",
        )
    connection.execute(
        "insert into activation.audience_list (audience, segment, making_since)"
        " values (%(audience)s, %(segment)s, %(ticks)s)"
        " on conflict (audience, segment) do update set making_since = excluded.making_since",
        of.values | {"ticks": ticks},
    )


def answered(connection: Connection, of: List) -> None:
    """Note that no call that may make the list is without an answer."""
    connection.execute(
        "update activation.audience_list set making_since = null"
        " where audience = %(audience)s and segment = %(segment)s and making_since is not null",
        of.values,
    )
