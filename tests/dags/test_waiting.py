"""Waiting for sources and for the send window holds no worker, ends in time, and says what it went on without."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from airflow.sdk.exceptions import TaskDeferred

from quanyu import discovery, landing, warehouse
from quanyu.activation.definition import SegmentDefinition, parse
from quanyu.errors import ConfigurationError
from quanyu.orchestration import NightSealed, WaitForSources, WaitForWindow, business_date
from quanyu.orchestration.triggers import _best_moment
from quanyu.settings import settings, utc_now

DAY = date(2026, 11, 20)
pytestmark = pytest.mark.usefixtures("environment")


@pytest.fixture(autouse=True)
def tables(dsn: str) -> None:
    with warehouse.connect(dsn) as connection:
        warehouse.migrate(connection)
        landing.prepare(connection)


class _Run:
    """The part of a DAG run that the operators read."""

    def __init__(self, run_after: datetime) -> None:
        self.run_after = run_after


def _context(run_after: datetime | None = None) -> Any:
    return {"partition_key": DAY.isoformat(), "dag_run": _Run(run_after or utc_now())}


def _seal(dsn: str, *names: str) -> None:
    for name in names:
        landing.seal(dsn, DAY, discovery.sources()[name])


def _fire(sources: list[str], *, deadline: datetime) -> str:
    trigger = NightSealed(date=DAY.isoformat(), sources=sources, deadline=deadline.isoformat(), poll=0.01)
    path, kwargs = trigger.serialize()
    assert path == "quanyu.orchestration.triggers.NightSealed"

    async def first() -> str:
        return str((await anext(NightSealed(**kwargs).run())).payload)

    return asyncio.run(asyncio.wait_for(first(), timeout=30))


def test_the_business_date_is_the_partition_key() -> None:
    assert business_date({"partition_key": "2026-11-20"}) == DAY


def test_a_run_without_a_partition_key_says_how_to_start_one() -> None:
    with pytest.raises(ConfigurationError, match="quanyu night --date"):
        business_date({"partition_key": None})


def test_the_trigger_fires_when_every_source_is_sealed(dsn: str) -> None:
    _seal(dsn, "store", "wecom")
    assert _fire(["store", "wecom"], deadline=utc_now() + timedelta(hours=1)) == "sealed"


def test_a_missing_source_is_waited_for_until_the_deadline_only(dsn: str) -> None:
    _seal(dsn, "store")
    assert _fire(["store", "wecom"], deadline=utc_now() + timedelta(milliseconds=200)) == "deadline"


def test_a_source_that_is_read_again_is_waited_for_again(dsn: str) -> None:
    _seal(dsn, "store")
    with warehouse.connect(dsn) as connection:
        connection.execute("update ops.source_night set status = 'running', sealed_at = null")
    assert _fire(["store"], deadline=utc_now()) == "deadline"


def test_a_warehouse_that_is_away_is_waited_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUANYU_WAREHOUSE_URL", "postgresql://nobody:x@127.0.0.1:9/none")
    settings.cache_clear()
    assert _fire(["store"], deadline=utc_now() + timedelta(milliseconds=200)) == "deadline"


def test_a_complete_ledger_needs_no_waiting(dsn: str, switch_on) -> None:
    switch_on(["store"])
    _seal(dsn, "store")
    WaitForSources(task_id="wait", patience="5").execute(_context())


def test_an_incomplete_ledger_frees_the_worker_for_as_long_as_patience_lasts(switch_on) -> None:
    switch_on(["store", "wecom"])
    began = datetime(2026, 11, 20, 17, tzinfo=UTC)
    with pytest.raises(TaskDeferred) as deferred:
        WaitForSources(task_id="wait", patience="5").execute(_context(began))
    trigger = deferred.value.trigger
    assert isinstance(trigger, NightSealed)
    assert set(trigger.sources) == {"store", "wecom"}
    assert datetime.fromisoformat(trigger.deadline) == began + timedelta(hours=5)


def test_what_is_missing_at_the_deadline_is_entered_in_the_ledger(dsn: str, switch_on) -> None:
    """Otherwise an exit that rests on it would take the source for switched off."""
    switch_on(["store", "wecom"])
    _seal(dsn, "store")
    WaitForSources(task_id="wait", patience="5").resume(_context(), "deadline")
    with warehouse.connect(dsn) as connection:
        found = dict(connection.execute("select source, status from ops.source_night where sealed_at is not null"))
    assert found == {"store": "failed", "wecom": "failed"}


def _segment(opens: str, closes: str) -> SegmentDefinition:
    meta = {
        "why": "a test", "owner": "crm", "purpose": "service", "consent": "service", "channels": ["sms"],
        "templates": {"sms": "hello"}, "holdout": 0.0, "cap": {"days": 1, "messages": 1},
        "send_window": [opens, closes], "priority": 1, "sources": ["store"], "act_version": 1,
        "size_band": {"min": 0, "max": 1, "change": 1.0},
    }  # fmt: skip
    return parse("seg_test", meta)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}:00+08:00")


@pytest.mark.parametrize(
    ("windows", "now", "opens"),
    [
        ([("09:00", "20:00")], "21T03:00", "21T09:00"),
        ([("09:00", "20:00")], "21T12:00", "21T12:00"),
        ([("09:00", "20:00"), ("10:00", "20:00")], "21T03:00", "21T10:00"),
        ([("08:00", "09:00"), ("18:00", "20:00")], "21T03:00", "21T08:00"),
        ([("09:00", "20:00")], "20T21:00", "21T09:00"),
    ],
    ids=["night", "open", "both-open", "never-both", "evening-before"],
)
def test_messages_leave_when_most_of_them_may(windows: list[tuple[str, str]], now: str, opens: str) -> None:
    planned = [_segment(*window) for window in windows]
    assert _best_moment(planned, _at(now), last=date(2026, 11, 21)) == _at(opens)


def test_after_the_last_day_there_is_nothing_to_wait_for() -> None:
    assert _best_moment([_segment("09:00", "20:00")], _at("22T03:00"), last=date(2026, 11, 21)) is None


def test_a_frozen_clock_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUANYU_NOW", "2026-11-21T03:00:00+08:00")
    settings.cache_clear()
    WaitForWindow(task_id="wait_for_window").execute(_context())
