"""The mini program's reports beyond the common contract: when a day is ready, and figures that settle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from quanyu.contracts import SHANGHAI, Entity, Record, Window
from quanyu.errors import NotReady, Rejected, Retryable
from quanyu.sources.mini_program import SOURCE
from quanyu.sources.mini_program import client as mini_client
from tests.fixtures.source_server import says, scripted
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox

DAY = date(2026, 11, 20)
TODAY = Window.of_days(DAY, DAY)
ENTITIES = {entity.name: entity for entity in SOURCE.entities}
TOKEN = says({"access_token": "scripted-token", "expires_in": 7200})


@pytest.fixture(scope="module")
def company() -> Iterator[Sandbox]:
    with running_sandbox(people=40, seed=11, business_date=DAY) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(company: Sandbox) -> Iterator[Sandbox]:
    yield company
    company.clear()


def rows(sandbox: Sandbox, entity: Entity, window: Window = TODAY, url: str = "") -> list[Record]:
    where = sandbox.connection(SOURCE.name)
    with SOURCE.connect(replace(where, url=url or where.url), sleep=lambda _: None) as client:
        return [row for page in entity.read(client, window) for row in page.records]


def at(monkeypatch: pytest.MonkeyPatch, hour: int, minute: int = 0, day: int = 21) -> None:
    """Let it be that hour in Shanghai, for the client's question whether a day is still counted."""
    now = datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)
    monkeypatch.setattr(mini_client, "utc_now", lambda: now)


@pytest.mark.parametrize("entity", SOURCE.entities, ids=lambda entity: entity.name)
def test_data_not_ready_asks_the_night_to_wait(sandbox: Sandbox, entity: Entity) -> None:
    sandbox.fault("mini_program", "not_ready")
    with pytest.raises(NotReady, match="not ready") as error:
        rows(sandbox, entity)
    assert str(error.value).startswith(f"mini_program.{entity.name} {DAY}")
    assert "10:00" in error.value.remedy
    assert rows(sandbox, entity), "once it is counted, the day is read"


@pytest.mark.parametrize(("hour", "minute"), [(0, 0), (2, 30), (9, 59)])
@pytest.mark.parametrize("entity", [ENTITIES["visit_trend"], ENTITIES["visit_pages"]], ids=lambda entity: entity.name)
def test_an_empty_list_before_mid_morning_is_not_a_day_without_visits(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, entity: Entity, hour: int, minute: int
) -> None:
    at(monkeypatch, hour, minute)
    sandbox.fault("mini_program", "empty")
    with pytest.raises(NotReady, match="still being counted"):
        rows(sandbox, entity)


@pytest.mark.parametrize("hour", [10, 23])
def test_later_an_empty_list_is_a_day_without_visits(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, hour: int
) -> None:
    at(monkeypatch, hour)
    sandbox.fault("mini_program", "empty")
    assert rows(sandbox, ENTITIES["visit_trend"]) == []


def test_an_older_day_may_be_empty_at_any_hour(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, 2)
    sandbox.fault("mini_program", "empty")
    two = Window.of_days(DAY - timedelta(days=1), DAY)
    assert [row["ref_date"] for row in rows(sandbox, ENTITIES["summary"], two)] == [f"{DAY:%Y%m%d}"]


def test_a_day_that_is_not_over_is_refused_by_the_platform(sandbox: Sandbox) -> None:
    tomorrow = Window.of_days(DAY + timedelta(days=1), DAY + timedelta(days=1))
    with pytest.raises(Rejected, match="61501"):
        rows(sandbox, ENTITIES["visit_trend"], tomorrow)


def test_figures_of_young_days_grow_until_they_are_settled() -> None:
    """The reason why days are read again."""
    with running_sandbox(people=40, seed=11, business_date=DAY) as own:
        young = rows(own, ENTITIES["visit_trend"])[0]["visit_pv"]
        own.advance_to(DAY + timedelta(days=1))
        older = rows(own, ENTITIES["visit_trend"])[0]["visit_pv"]
        own.advance_to(DAY + timedelta(days=2))
        assert young < older < rows(own, ENTITIES["visit_trend"])[0]["visit_pv"]


def test_the_retained_fill_up_over_thirty_days(sandbox: Sandbox) -> None:
    """A day of a month ago has all ten figures, yesterday has one: 30 days are read again."""
    entity = ENTITIES["retention"]
    assert entity.reread_days == 30
    window = Window.of_days(DAY - timedelta(days=30), DAY)
    found = {row["ref_date"]: [item["key"] for item in row["visit_uv"]] for row in rows(sandbox, entity, window)}
    assert found[f"{DAY:%Y%m%d}"] == [0]
    assert found["20261021"] == [0, 1, 2, 3, 4, 5, 6, 7, 14, 30]


@pytest.mark.parametrize("answer", [{"list": {"a": 1}}, {"list": ["a"]}, {"ref_date": "20261120", "list": "x"}])
def test_something_else_than_a_list_is_not_a_quiet_day(sandbox: Sandbox, answer: Any) -> None:
    with scripted(TOKEN, says(answer)) as server, pytest.raises(Retryable, match="something else"):
        rows(sandbox, ENTITIES["visit_pages"], url=server.url)


def test_a_success_may_say_so_and_it_is_no_column(sandbox: Sandbox) -> None:
    answer = {"errcode": 0, "errmsg": "ok", "ref_date": "20261120", "visit_uv": [{"key": 0, "value": 3}]}
    with scripted(TOKEN, says(answer)) as server:
        (row,) = rows(sandbox, ENTITIES["retention"], url=server.url)
    assert row == {"ref_date": "20261120", "visit_uv": [{"key": 0, "value": 3}]}
