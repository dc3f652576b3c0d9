"""The fake Xiaohongshu behaves as the contract says, seen through a client written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox

DAY = date(2026, 11, 20)
REPORT = "/api/open/jg/data/report/offline/creative"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(people=100, seed=7, business_date=DAY) as sandbox:
        yield sandbox


def _ask(sandbox: Sandbox, *, path: str = REPORT, token: str | None = None, **body: Any) -> dict[str, Any]:
    connection = sandbox.connection("xiaohongshu")
    asked = {
        "advertiser_id": connection.account,
        "start_date": f"{DAY}",
        "end_date": f"{DAY}",
        "time_unit": "DAY",
        "split_columns": ["placement"],
        "page_num": 1,
        "page_size": 500,
    }
    headers = {"Access-Token": token or connection.extra["access_token"]}
    answer = httpx.post(connection.url + path, json={**asked, **body}, headers=headers)
    assert answer.status_code == 200
    return answer.json()


def test_numbers_are_strings_and_placements_are_split(sandbox: Sandbox) -> None:
    rows = _ask(sandbox)["data"]["data_list"]
    assert {row["placement"] for row in rows} == {"FEED", "SEARCH"}
    assert all(isinstance(value, str) for row in rows for value in row.values())
    assert len({(row["time"], row["creativity_id"], row["placement"]) for row in rows}) == len(rows)
    together = _ask(sandbox, split_columns=[])["data"]["data_list"]
    assert "placement" not in together[0]
    assert sum(int(row["click"]) for row in rows) == sum(int(row["click"]) for row in together)


def test_a_ratio_without_a_base_is_a_dash(sandbox: Sandbox) -> None:
    rows = _ask(sandbox, start_date="2026-10-21")["data"]["data_list"]
    clickless = [row for row in rows if row["click"] == "0"]
    assert clickless
    assert all(row["acp"] == "-" for row in clickless)


def test_pages_end_at_the_total_count(sandbox: Sandbox) -> None:
    total = _ask(sandbox)["data"]["total_count"]
    pages = [_ask(sandbox, page_num=n, page_size=7)["data"]["data_list"] for n in range(1, total // 7 + 2)]
    keys = [(row["time"], row["creativity_id"], row["placement"]) for page in pages for row in page]
    assert len(keys) == len(set(keys)) == total
    assert _ask(sandbox, page_num=len(pages) + 1, page_size=7)["data"]["data_list"] == []


def test_a_day_that_is_not_over_is_refused_until_it_is(sandbox: Sandbox) -> None:
    tomorrow = DAY + timedelta(days=1)
    assert _ask(sandbox, end_date=f"{tomorrow}")["code"] == 400
    sandbox.advance_to(tomorrow)
    assert _ask(sandbox, end_date=f"{tomorrow}")["success"]


def test_young_days_are_still_growing(sandbox: Sandbox) -> None:
    def likes() -> int:
        return sum(int(row["like"]) for row in _ask(sandbox)["data"]["data_list"])

    counts = [likes()]
    for later in (1, 2):
        sandbox.advance_to(DAY + timedelta(days=later))
        counts.append(likes())
    assert counts[0] < counts[1] < counts[2]


def test_a_refresh_rotates_both_tokens_and_kills_the_old_ones(sandbox: Sandbox) -> None:
    old = sandbox.connection("xiaohongshu")
    asked = {"app_id": old.login, "secret": old.password, "refresh_token": old.extra["refresh_token"]}
    fresh = _ask(sandbox, path="/oauth2/refresh_token", **asked)["data"]
    assert _ask(sandbox, token=old.extra["access_token"])["code"] == 401
    assert _ask(sandbox, token=fresh["access_token"])["code"] == 0
    assert _ask(sandbox, path="/oauth2/refresh_token", **asked)["code"] == 401


def test_tokens_die_by_age_and_by_fault(sandbox: Sandbox) -> None:
    sandbox.fault("xiaohongshu", "token_expired")
    assert _ask(sandbox)["code"] == 401
    with running_sandbox(people=20, business_date=DAY) as aged:
        assert _ask(aged)["code"] == 0
        aged.clock.elapse(24 * 3600)
        assert _ask(aged)["code"] == 401


def test_wrong_asks_are_refused(sandbox: Sandbox) -> None:
    assert _ask(sandbox, advertiser_id="adv-9")["code"] == 403
    assert _ask(sandbox, page_size=1001)["code"] == 400
    assert _ask(sandbox, start_date=None)["code"] == 400


def test_throttle_and_drift(sandbox: Sandbox) -> None:
    sandbox.fault("xiaohongshu", "throttle")
    assert _ask(sandbox)["code"] == 429
    sandbox.fault("xiaohongshu", "unknown_column")
    sandbox.fault("xiaohongshu", "changed_type")
    (drifted, *_) = _ask(sandbox)["data"]["data_list"]
    assert isinstance(drifted["fee"], float)
    assert "x_new_field" in drifted
    (row, *_) = _ask(sandbox)["data"]["data_list"]
    assert isinstance(row["fee"], str)
