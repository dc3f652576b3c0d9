"""What a rule or a decision would change in the night that readers see, before it is committed.

proposed rules, decisions -> shadow build -> what differs, row by row -> everything dropped
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

import psycopg

from quanyu import discovery, warehouse
from quanyu.contracts import Channel
from quanyu.errors import NeedsPerson, QuanyuError, Rejected, Retryable
from quanyu.settings import environment_connection, settings
from quanyu.stewardship import preview_compare as compare
from quanyu.stewardship.decisions import Decision
from quanyu.stewardship.preview_build import PREFIX, shadow
from quanyu.stewardship.preview_messages import messages
from quanyu.stewardship.preview_rows import Preview
from quanyu.warehouse import Connection

_IDENTITY, _MARTS, _SEGMENTS = f"{PREFIX}identity", f"{PREFIX}marts_build", f"{PREFIX}segments_build"

# Signed like the lock itself: hashtext is negative as often as not.
_BUILDS_NOW = """
select exists (
    select from pg_locks
    where locktype = 'advisory' and objsubid = 1 and database = (
        select oid from pg_database where datname = current_database()
    ) and (classid::bigint << 32 | objid::bigint) = hashtext('quanyu.dbt')::bigint
)
"""

_BUILT = """
select distinct on (layer) layer, business_date, run_at from ops.dbt_result order by layer, run_at desc
"""

# Taken down after the build that readers see: they are part of whatever is planned.
_WAITING = """
select decision_id from ops.identity_decision
where effective_on <= %(date)s and (revoked_on is null or revoked_on > %(date)s)
    and decided_at > (select max(run_at) from ops.dbt_result where layer = 'identity')
order by decided_at, decision_id
"""
_PUBLISHED = """
select business_date, published_at from ops.publication order by published_at desc, business_date desc limit 1
"""


def preview(
    dsn: str,
    *,
    decisions: Sequence[Decision] = (),
    revoked: Sequence[str] = (),
    identifier_types: Path | None = None,
    blocked_values: Path | None = None,
    business_date: date | None = None,
) -> Preview:
    """Plan decisions, ids of decisions to revoke, other files for the two seeds of rules, and what was edited unbuilt.

    The night is the one readers see. Raises Rejected when that is another one or the change would stop the night,
    Retryable when a night is being built, NeedsPerson when the user may not build.
    """
    files = {"identity_identifier_types": identifier_types, "identity_blocked_values": blocked_values}
    seeds = {name: path for name, path in files.items() if path}
    try:
        with (
            _still(dsn, business_date) as day,
            shadow(dsn, day, decisions=decisions, revoked=revoked, seeds=seeds),
            warehouse.connect(dsn) as connection,
        ):
            return _compare(connection, day)
    except psycopg.errors.InsufficientPrivilege:
        raise NeedsPerson(
            "this user of the warehouse may not build.",
            remedy="plan as the user that builds the night: QUANYU_WAREHOUSE_URL names it.",
        ) from None


def _compare(connection: Connection, business_date: date) -> Preview:
    channels = channels_on()
    shadows = {"identity": _IDENTITY, "marts": _MARTS, "segments": _SEGMENTS}
    return Preview(
        business_date=business_date,
        channels=tuple(sorted(channels)),
        waiting=tuple(row[0] for row in connection.execute(_WAITING, {"date": business_date})),
        accounts=compare.accounts(connection, "identity", _IDENTITY),
        people=compare.people(connection, "identity", _IDENTITY),
        audiences=compare.audiences(connection, "segments", _SEGMENTS),
        messages=messages(connection, business_date, shadows, channels, settings().vault_key_bytes),
        orders=compare.orders(connection, "marts", _MARTS),
        figures=compare.figures(connection, "marts", _MARTS),
    )


def channels_on() -> dict[str, Channel]:
    """The channels whose connections the environment names; all installed ones where it names none."""
    installed = discovery.channels()
    found = {name: channel for name, channel in installed.items() if environment_connection(channel.connection)}
    return found or installed


@contextmanager
def _still(dsn: str, business_date: date | None) -> Iterator[date]:
    """Yield the night that readers see, and refuse what was seen when another was built under it.

    A plan holds no lock that a night waits for: it is the plan that gives way.
    """
    before = _state(dsn)
    if before is None:
        raise Retryable("a night is being built in this warehouse.", remedy="plan when it is published.")
    day = _day(before, business_date)
    moved = Retryable("a night was built while this was planned.", remedy="plan again when it is published.")
    try:
        yield day
    except (QuanyuError, psycopg.Error):
        # Tables that a night replaced under us look like a rule that cannot be built.
        if _state(dsn) != before:
            raise moved from None
        raise
    if _state(dsn) != before:
        raise moved


_State = tuple[dict[str, tuple[date, datetime]], tuple[date, datetime] | None]


def _state(dsn: str) -> _State | None:
    """What is built and shown; None while dbt builds."""
    with warehouse.connect(dsn) as connection:
        row = connection.execute(_BUILDS_NOW).fetchone()
        if row == (True,):
            return None
        built = {layer: (day, run_at) for layer, day, run_at in connection.execute(_BUILT).fetchall()}
        shown = connection.execute(_PUBLISHED).fetchone()
        return built, (shown[0], shown[1]) if shown else None


def _day(state: _State, wanted: date | None) -> date:
    built, shown = state
    if shown is None:
        raise Rejected("nothing was published yet, so there is nothing to compare with.", remedy="run a night first.")
    day = shown[0]
    if wanted not in {None, day}:
        raise Rejected(f"readers see {day}, not {wanted}.", remedy=f"plan for {day}, the night that messages rest on.")
    others = [f"{layer} holds {at[0]}" for layer, at in sorted(built.items()) if at[0] != day]
    others += [
        f"{layer} was built again since" for layer, at in sorted(built.items()) if at[0] == day and at[1] > shown[1]
    ]
    if others:
        raise Rejected(
            f"readers see {day}, but {' and '.join(others)}.",
            remedy="let the night end, or run it again; a plan compares one night with itself.",
        )
    return day
