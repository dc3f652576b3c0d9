"""The Douyin account beyond the common contract: numbers in two types, tokens that are renewed, codes, young videos."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from quanyu.contracts import Window
from quanyu.errors import NeedsPerson, QuanyuError, Rejected, Retryable, Throttled, TokenExpired
from quanyu.sources.douyin_content import SOURCE, figures
from quanyu.sources.douyin_content import client as douyin
from tests.fixtures.reading import Kept, Reader
from tests.fixtures.source_server import says, scripted
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox

DAY = date(2026, 11, 20)
TODAY = Window.of_days(DAY, DAY)
HISTORY = Window.of_days(DAY - timedelta(days=30), DAY)
RENEW, REFRESH = "/oauth/renew_refresh_token/", "/oauth/refresh_token/"
TOKEN = says({"data": {"error_code": 0, "access_token": "scripted-token", "expires_in": "1296000"}})


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(people=40, seed=7, business_date=DAY) as sandbox:
        yield sandbox


@pytest.fixture
def reader(sandbox: Sandbox) -> Reader:
    return Reader(SOURCE, replace(sandbox.connection("douyin_content"), tokens=Kept()))


def _token_calls(sandbox: Sandbox) -> list[str]:
    return [entry["path"] for entry in sandbox.journal("douyin_content") if entry["path"].startswith("/oauth/")]


def test_figures_are_whole_numbers_whichever_way_they_came(reader: Reader) -> None:
    """The platform's pages write texts, others saw numbers; the sandbox takes turns."""
    rows = [*reader.rows("item_days", HISTORY), *reader.rows("user_days", HISTORY)]
    assert rows
    assert {type(value) for row in rows for name, value in row.items() if name not in {"date", "item_id"}} == {int}
    assert {type(value) for row in reader.rows("videos", TODAY) for value in row["statistics"].values()} == {int}


def test_small_pages_bring_the_same_videos(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = reader.rows("videos", TODAY)
    monkeypatch.setattr(figures, "_COUNT", 2)
    assert reader.rows("videos", TODAY) == whole
    assert len(whole) > 4


def test_only_young_videos_are_asked_for_more(sandbox: Sandbox, reader: Reader) -> None:
    """The platform keeps figures of the last 30 days; each call counts against a quota."""
    rows = reader.rows("videos", TODAY)
    oldest = (DAY - timedelta(days=30)).isoformat()
    young = [row for row in rows if datetime.fromtimestamp(row["create_time"], UTC).date().isoformat() >= oldest]
    asked = [entry for entry in sandbox.journal("douyin_content") if "/item/base/" in entry["path"]]
    assert 0 < len(young) < len(rows)
    assert len(asked) <= len(young) + 1
    assert {"base" in row for row in rows} == {True, False}


def test_a_day_that_left_the_platform_brings_no_row_and_no_error(reader: Reader) -> None:
    """What was read of it before stays."""
    long_ago = DAY - timedelta(days=45)
    assert reader.rows("item_days", Window.of_days(long_ago, long_ago)) == []
    assert reader.rows("user_days", Window.of_days(long_ago, long_ago)) == []


# --- tokens


def test_a_dead_token_is_replaced_and_the_next_process_finds_the_new_one(sandbox: Sandbox, reader: Reader) -> None:
    calm = reader.rows("user_days", TODAY)
    sandbox.fault("douyin_content", "token_expired")
    assert reader.rows("user_days", TODAY) == calm
    assert Reader(SOURCE, reader.where).rows("user_days", TODAY) == calm
    assert _token_calls(sandbox) == [REFRESH, REFRESH]


def test_a_refresh_whose_answer_is_lost_is_asked_for_again(sandbox: Sandbox, reader: Reader) -> None:
    """The refresh token does not turn over with it."""
    sandbox.fault("douyin_content", "reply_lost", match=REFRESH)
    assert reader.rows("user_days", TODAY)


def test_a_refresh_token_is_renewed_before_it_ends_five_times_and_then_a_person_is_needed(
    sandbox: Sandbox, reader: Reader
) -> None:
    """Each access token lives 15 days and a refresh moves no end: every second one would be the last."""
    platform: Any = sandbox.platforms["douyin_content"]
    assert reader.rows("user_days", TODAY)
    for renewals in range(1, 6):
        _let_pass(platform, timedelta(days=15))
        assert reader.rows("user_days", TODAY)
        assert platform.renewals == renewals
        assert _token_calls(sandbox)[-2:] == [REFRESH, RENEW]
    _let_pass(platform, timedelta(days=15))
    assert reader.rows("user_days", TODAY), "no renewal is left, and the token still lives"
    _let_pass(platform, timedelta(days=15))
    with pytest.raises(NeedsPerson, match="refresh token is refused") as caught:
        reader.rows("user_days", TODAY)
    assert "authorise" in caught.value.remedy


def _let_pass(platform: Any, time: timedelta) -> None:
    """The pipeline's clock stands still; the platform's tokens age."""
    platform.refresh_ends_at -= time
    platform.tokens.kill()


# --- codes and odd answers


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (28001003, TokenExpired),
        (28001008, TokenExpired),
        (10008, TokenExpired),
        (28001005, Retryable),
        (28001006, Retryable),
        (28003017, Throttled),
        (10010, NeedsPerson),
        (28001019, NeedsPerson),
        (28001007, Rejected),
    ],
)
@pytest.mark.parametrize("form", [int, str])
@pytest.mark.parametrize("where", ["data", "extra"])
def test_codes_say_what_to_do(code: int, expected: type[QuanyuError], form: type, where: str) -> None:
    """As a number or a text, in either of two places."""
    answer: dict[str, Any] = {"data": {}, "extra": {"logid": "l"}}
    answer[where]["error_code"] = form(code)
    with pytest.raises(expected, match=str(code)) as caught:
        douyin.data_of(answer)
    assert type(caught.value) is expected


@pytest.mark.parametrize(
    "answer",
    [{}, {"data": {}}, {"data": {"error_code": 0}}, {"data": {"error_code": "0", "result_list": None}}],
    ids=["no data", "no code", "no list", "null"],
)
def test_a_broken_answer_is_not_an_empty_day(reader: Reader, answer: object) -> None:
    with scripted(TOKEN, says(answer)) as server:
        reader.where = replace(reader.where, url=server.url)
        with pytest.raises(Retryable, match=f"douyin_content.user_days {DAY}"):
            reader.rows("user_days", TODAY)


@pytest.mark.parametrize(
    ("cursor", "words"), [(None, "no cursor leads there"), (0, "goes in circles")], ids=["none", "the same"]
)
def test_a_list_that_announces_more_and_leads_nowhere_is_no_end(reader: Reader, cursor: object, words: str) -> None:
    listed = says({"data": {"error_code": 0, "list": [], "has_more": True, "cursor": cursor}})
    with scripted(TOKEN, listed) as server:
        reader.where = replace(reader.where, url=server.url)
        with pytest.raises(Retryable, match=words):
            reader.rows("videos", TODAY)
