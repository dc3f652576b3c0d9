"""Tencent Ads beyond the common contract: nonces, limits with an end, deep paging, what is never read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from quanyu import tencent_ads as tencent
from quanyu.contracts import SHANGHAI, Window
from quanyu.errors import NeedsPerson, QuanyuError, Rejected, Retryable, Throttled, TokenExpired
from quanyu.sources.tencent_ads import SOURCE, client
from tests.fixtures.reading import Kept, Reader
from tests.fixtures.source_server import Reply, says, scripted
from tests.sandbox import running_sandbox
from tests.sandbox import tencent_ads as platform
from tests.sandbox.server import Sandbox
from tests.sandbox.world.systems.tencent_ads import leads

DAY = date(2026, 11, 20)
TODAY = Window.of_days(DAY, DAY)
HISTORY = Window.of_days(DAY - timedelta(days=30), DAY)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(people=200, seed=7, business_date=DAY) as sandbox:
        yield sandbox


@pytest.fixture
def reader(sandbox: Sandbox) -> Reader:
    return Reader(SOURCE, sandbox.connection("tencent_ads"))


def test_each_attempt_has_a_nonce_of_its_own(reader: Reader) -> None:
    """A call that failed may have been counted: its nonce is used up."""
    ill = says({"code": 10000, "message_cn": "系统繁忙"})
    with scripted(ill, ill, _report([])) as server:
        reader.where = replace(reader.where, url=server.url)
        reader.rows("adgroup_report", TODAY)
    asked = [parse_qs(urlsplit(call.path).query) for call in server.calls]
    nonces = [query["nonce"][0] for query in asked]
    assert len(set(nonces)) == len(nonces) == 3
    assert all(len(nonce) <= 32 for nonce in nonces)
    assert all(abs(int(query["timestamp"][0]) - datetime.now(UTC).timestamp()) < 60 for query in asked)


def test_the_platform_refuses_a_nonce_twice_and_a_wrong_clock(sandbox: Sandbox, reader: Reader) -> None:
    """Proves that the sandbox would notice."""
    reader.rows("adgroup_report", TODAY)
    sandbox.clock.elapse(301)
    with pytest.raises(Rejected, match="clock"):
        reader.rows("adgroup_report", TODAY)
    sandbox.clock.elapse(-301)


def test_a_used_nonce_is_refused(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tencent.secrets, "token_hex", lambda _: "the-same-nonce")
    with pytest.raises(Rejected, match="nonce"):
        reader.rows("adgroup_report", HISTORY)


def test_leads_are_read_past_the_end_of_page_numbers(
    sandbox: Sandbox, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Page numbers end at 5,000 rows; a day with that many is made here by ending them at the first page."""
    whole = reader.rows("leads", HISTORY)
    busiest = max(HISTORY.days(), key=lambda day: sum(lead.left_at.date() == day for lead in leads(sandbox.world)))
    assert sum(lead.left_at.date() == busiest for lead in leads(sandbox.world)) >= 3
    monkeypatch.setattr(client, "_LEADS_PAGE", 1)
    monkeypatch.setattr(platform, "_BY_NUMBER", 1)
    assert reader.rows("leads", HISTORY) == whole


def test_the_next_page_starts_after_the_time_and_id_of_the_last_row(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_LEADS_PAGE", 1)
    at = datetime.combine(DAY, time(9), SHANGHAI)
    row = {"leads_id": 7, "account_id": 1, "leads_create_time": f"{at:%Y-%m-%d %H:%M:%S}"}
    with scripted(_leads([row], 2), _leads([{**row, "leads_id": 6}], 2)) as server:
        reader.where = replace(reader.where, url=server.url)
        assert [row["leads_id"] for row in reader.rows("leads", TODAY)] == [7, 6]
    first, second = (parse_qs(urlsplit(call.path).query) for call in server.calls)
    assert first["page"] == ["1"]
    assert "page" not in second
    assert json.loads(second["last_search_after_values"][0]) == [str(int(at.timestamp()) * 1000), "7"]


def test_a_list_of_leads_that_ends_early_is_not_whole(reader: Reader) -> None:
    with scripted(_leads([], 2)) as server:
        reader.where = replace(reader.where, url=server.url)
        with pytest.raises(Retryable, match=f"tencent_ads.leads {DAY} page 1: .*2 rows before the end"):
            reader.rows("leads", TODAY)


def test_id_cards_addresses_and_answers_never_leave_the_client(reader: Reader) -> None:
    rows = reader.rows("leads", HISTORY)
    assert rows
    assert not {"id_number", "address", "custom_qa"} & {name for row in rows for name in row}


def test_a_limit_of_the_minute_is_waited_for(sandbox: Sandbox, reader: Reader) -> None:
    calm = reader.rows("adgroup_report", TODAY)
    reader.waits.clear()
    sandbox.fault("tencent_ads", "minute_limit")
    assert reader.rows("adgroup_report", TODAY) == calm
    assert max(reader.waits) <= 60


def test_a_limit_of_the_day_ends_the_reading_until_midnight(sandbox: Sandbox, reader: Reader) -> None:
    """Nobody sleeps for a day: the task fails and says until when."""
    sandbox.fault("tencent_ads", "day_limit", times=5)
    with pytest.raises(Throttled) as caught:
        reader.rows("adgroup_report", TODAY)
    until = caught.value.until
    assert until is not None
    assert until.astimezone(SHANGHAI).time() == time()
    assert timedelta() < until - datetime.now(UTC) <= timedelta(days=1)
    assert [entry["outcome"] for entry in sandbox.journal("tencent_ads")] == ["11018"]


def test_an_authorisation_that_ran_out_needs_a_person(sandbox: Sandbox, reader: Reader) -> None:
    sandbox.fault("tencent_ads", "token_expired")
    sandbox.fault("tencent_ads", "refresh_expired")
    with pytest.raises(NeedsPerson, match="11012") as caught:
        reader.rows("adgroup_report", TODAY)
    assert "authorise" in caught.value.remedy


def test_a_refresh_token_in_the_answer_is_kept(reader: Reader) -> None:
    """Should the platform rotate it after all."""
    kept = Kept()
    renewed = {"access_token": "a2", "refresh_token": "r2", "access_token_expires_in": 86400}
    with scripted(says({"code": 11000}), says({"code": 0, "data": renewed}), _report([])) as server:
        reader.where = replace(reader.where, url=server.url, tokens=kept)
        reader.rows("adgroup_report", TODAY)
    assert [grant.refresh_token for grant in kept.grants.values()] == ["r2"]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (10000, Retryable),
        (10001, Retryable),
        (11000, TokenExpired),
        (11002, NeedsPerson),
        (11012, NeedsPerson),
        (11014, NeedsPerson),
        (31033, NeedsPerson),
        (11016, Throttled),
        (11017, Throttled),
        (11018, Throttled),
        (11019, Throttled),
        (30103, Rejected),
    ],
)
def test_codes_say_what_to_do(code: int, expected: type[QuanyuError]) -> None:
    error = tencent.error_of({"code": code, "message": "", "message_cn": "说明"})
    assert type(error) is expected
    assert f"code {code}, 说明" in str(error)


@pytest.mark.parametrize(
    ("said", "milliseconds"),
    [("2026-11-20 08:00:00", 1795132800000), ("1795132800", 1795132800000), ("1795132800123", 1795132800123)],
)
def test_a_time_is_understood_in_each_way_it_may_be_written(said: str, milliseconds: int) -> None:
    assert client._milliseconds(said) == milliseconds


def _report(rows: list[dict[str, Any]]) -> Reply:
    return says({"code": 0, "data": {"list": rows, "page_info": {"total_number": len(rows)}}})


def _leads(rows: list[dict[str, Any]], total: int) -> Reply:
    return says({"code": 0, "data": {"leads_info": rows, "page_info": {"total_number": total}}})
