"""Weibo beyond the common contract: what is still shown, limits by the hour, codes in two types."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from quanyu.contracts import Window
from quanyu.errors import NeedsPerson, QuanyuError, Rejected, Retryable, SchemaDrift, Throttled
from quanyu.sources.weibo import SOURCE
from quanyu.sources.weibo import client as weibo
from tests.fixtures.reading import Reader
from tests.fixtures.source_server import says, scripted
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox
from tests.sandbox.world.systems.weibo import SHOWN, posts

DAY = date(2026, 11, 20)
TODAY = Window.of_days(DAY, DAY)
HISTORY = Window.of_days(DAY - timedelta(days=30), DAY)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(people=60, seed=7, business_date=DAY) as sandbox:
        yield sandbox


@pytest.fixture
def reader(sandbox: Sandbox) -> Reader:
    return Reader(SOURCE, sandbox.connection("weibo"))


def test_what_is_no_longer_shown_is_no_error(sandbox: Sandbox, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """The total counts every post, the pages end after the newest few."""
    monkeypatch.setattr(weibo, "_PAGE", 2)
    assert sum(post.posted_at < sandbox.clock.end for post in posts(sandbox.world)) > SHOWN
    rows = reader.rows("statuses", HISTORY)
    assert len(rows) == SHOWN
    assert [entry["path"] for entry in sandbox.journal("weibo")] == ["/2/statuses/user_timeline.json"] * 4


def test_reading_stops_where_the_window_lies_behind(
    sandbox: Sandbox, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weibo, "_PAGE", 1)
    reader.rows("statuses", TODAY)
    assert len(sandbox.journal("weibo")) == 1


def test_our_own_account_is_not_repeated_with_each_post(reader: Reader) -> None:
    assert all("user" not in row for row in reader.rows("statuses", HISTORY))


def test_a_limit_by_the_hour_ends_the_reading_until_the_next_full_hour(sandbox: Sandbox, reader: Reader) -> None:
    sandbox.fault("weibo", "hour_limit", times=5)
    with pytest.raises(Throttled) as caught:
        reader.rows("statuses", TODAY)
    assert caught.value.until is not None
    assert (caught.value.until.minute, caught.value.until.second) == (0, 0)
    assert caught.value.until - datetime.now(UTC) <= timedelta(hours=1)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (21327, NeedsPerson),
        ("21332", NeedsPerson),
        (10006, NeedsPerson),
        (10014, NeedsPerson),
        (10022, Throttled),
        ("10024", Throttled),
        (10001, Retryable),
        ("10011", Retryable),
        (20003, Rejected),
        ("soon", Rejected),
    ],
)
def test_codes_say_what_to_do_as_number_and_as_text(code: object, expected: type[QuanyuError]) -> None:
    error = weibo.error_of({"request": "/", "error_code": code, "error": "said"})
    assert type(error) is expected
    assert f"code {code}, said" in str(error)


@pytest.mark.parametrize("answer", [{}, {"statuses": []}, {"statuses": None, "total_number": 3}])
def test_a_broken_timeline_is_not_an_empty_one(reader: Reader, answer: object) -> None:
    with scripted(says(answer)) as server:
        reader.where = replace(reader.where, url=server.url)
        with pytest.raises(Retryable, match=f"weibo.statuses {DAY} page 1"):
            reader.rows("statuses", TODAY)


def test_a_post_without_counts_is_not_a_post_with_none(reader: Reader) -> None:
    with scripted(_timeline(f"{datetime(2026, 11, 20, 9, tzinfo=UTC):%a %b %d %H:%M:%S %z %Y}"), says([])) as server:
        reader.where = replace(reader.where, url=server.url)
        with pytest.raises(Retryable, match="asked for 1 posts and got 0"):
            reader.rows("status_counts", TODAY)


def test_a_time_in_another_spelling_is_drift_and_not_another_day(reader: Reader) -> None:
    with scripted(_timeline("2026-11-20 09:00:00")) as server:
        reader.where = replace(reader.where, url=server.url)
        with pytest.raises(SchemaDrift, match="created_at"):
            reader.rows("statuses", TODAY)


def _timeline(created_at: str) -> Any:
    return says({"statuses": [{"id": 1, "created_at": created_at}], "total_number": 1})
