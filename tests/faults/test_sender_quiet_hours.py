"""The send window is Asia/Shanghai's to the second, wherever the machine and the database believe they are."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg import sql

from quanyu.activation import send
from quanyu.contracts import SHANGHAI
from quanyu.errors import Rejected
from tests.faults.kill.points import numbered
from tests.faults.kill.provider import Platforms
from tests.faults.kill.stage import Stage, kinds
from tests.fixtures.activation_night import DAY, TEN

PEOPLE = 4
SECOND = timedelta(seconds=1)
OPENS, CLOSES = TEN.replace(hour=9), TEN.replace(hour=20)


@pytest.fixture(params=["America/Los_Angeles", "Pacific/Kiritimati", "Asia/Kathmandu"])
def zone(request: pytest.FixtureRequest, dsn: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[ZoneInfo]:
    """A zone for the process and for the database; its business dates are other days than ours for hours."""
    database = psycopg.conninfo.conninfo_to_dict(dsn)["dbname"]
    with psycopg.connect(dsn, autocommit=True) as connection:
        setting = sql.SQL("alter database {} set timezone = {}")
        connection.execute(setting.format(sql.Identifier(str(database)), sql.Literal(request.param)))
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield ZoneInfo(request.param)
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("now", "is_open"),
    [(OPENS - SECOND, False), (OPENS, True), (CLOSES - SECOND, True), (CLOSES, False), (CLOSES + 5 * SECOND, False)],
    ids=lambda value: f"{value:%H:%M:%S}" if isinstance(value, datetime) else "open" if value else "closed",
)
def test_the_window_opens_and_closes_to_the_second(
    dsn: str, platforms: Platforms, zone: ZoneInfo, now: datetime, is_open: bool
) -> None:
    stage = Stage(dsn, platforms, kinds(largest_batch=4)["letterbox"], PEOPLE)
    stage.begin()
    assert stage.night.one("show timezone") == zone.key
    with stage.kind.channel.connect(stage.where) as client:
        send(dsn, DAY, stage.kind.channel, client, lambda: now.astimezone(zone), stage.night.vault)
    assert (len(stage.provider.log().recipients) > 0) is is_open
    assert set(stage.states().values()) == ({"sent", "failed_final"} if is_open else {"deferred"})
    if is_open:
        days = stage.night.rows("select distinct sent_on from activation.message")
        assert days == [(date(2026, 11, 21),)], "filed under the day of the provider"


@pytest.mark.parametrize("name", ["letterbox", "aliyun_sms"])
def test_a_batch_that_is_under_way_at_the_end_of_the_window_goes_no_further(
    dsn: str, platforms: Platforms, name: str
) -> None:
    """Five calls a second and one second to go, for a letter each, or for calls that the platform wants later."""
    stage = Stage(dsn, platforms, kinds(largest_batch=20)[name], 40, bad=())
    stage.begin()
    if name == "aliyun_sms":
        platforms.platform.faults.add("throttle", times=100)
    where = replace(stage.where, extra={**stage.where.extra, "requests_per_second": 5})
    began, calls = time.monotonic(), list[float]()

    def now() -> datetime:
        return CLOSES - SECOND + timedelta(seconds=time.monotonic() - began)

    def at(_: int, label: str) -> None:
        if label.startswith("before POST"):
            calls.append(time.monotonic() - began)

    with numbered(at), stage.kind.channel.connect(where) as client:
        send(dsn, DAY, stage.kind.channel, client, now, stage.night.vault)
    assert calls
    assert max(calls) < 1.1
    got = set(stage.provider.log().recipients)
    states = Counter(stage.states().values())
    assert states == Counter(sent=len(got), deferred=40 - len(got))


def test_the_dates_that_may_send_are_shanghais(dsn: str, platforms: Platforms, zone: ZoneInfo) -> None:
    stage = Stage(dsn, platforms, kinds(largest_batch=4)["letterbox"], PEOPLE)
    stage.begin()
    last = datetime(2026, 11, 21, 23, 59, 59, tzinfo=SHANGHAI)
    with stage.kind.channel.connect(stage.where) as client:
        send(dsn, DAY, stage.kind.channel, client, lambda: last.astimezone(zone), stage.night.vault)
        assert set(stage.states().values()) == {"deferred"}, "late, but of a day that may send"
        with pytest.raises(Rejected, match="are not sent on 2026-11-22"):
            send(dsn, DAY, stage.kind.channel, client, lambda: (last + SECOND).astimezone(zone), stage.night.vault)
