"""The official account's reports and tags beyond the common contract: spans, days, the total row, growing totals."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from quanyu.contracts import Page, Record, Window
from quanyu.errors import Rejected, Retryable, SchemaDrift
from quanyu.sources.official_account import SOURCE
from tests.conformance.test_independent_clients import Detour
from tests.fixtures.source_server import says, scripted
from tests.sandbox import running_sandbox
from tests.sandbox.official_account_cubes import CUBES, EVERYWHERE
from tests.sandbox.server import Sandbox
from tests.sandbox.world.systems import official_account as account

DAY = date(2026, 11, 20)
TODAY = Window.of_days(DAY, DAY)
HISTORY = Window.of_days(DAY - timedelta(days=30), DAY)
ENTITIES = {entity.name: entity for entity in SOURCE.entities}
REPORTS = {
    "user_summary": "getusersummary",
    "user_cumulate": "getusercumulate",
    "article_summary": "getarticlesummary",
    "article_total": "getarticletotal",
    "user_read": "getuserread",
    "user_share": "getusershare",
    "upstream_messages": "getupstreammsg",
    "interface_summary": "getinterfacesummary",
}
TOKEN = says({"access_token": "scripted-token", "expires_in": 7200})


@pytest.fixture(scope="module")
def company() -> Iterator[Sandbox]:
    with running_sandbox(people=60, seed=11, business_date=DAY) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(company: Sandbox) -> Iterator[Sandbox]:
    yield company
    company.clear()


def pages(sandbox: Sandbox, name: str, window: Window = TODAY, url: str = "") -> list[Page]:
    where = sandbox.connection(SOURCE.name)
    with SOURCE.connect(replace(where, url=url or where.url), sleep=lambda _: None) as client:
        return list(ENTITIES[name].read(client, window))


def rows(sandbox: Sandbox, name: str, window: Window = TODAY, url: str = "") -> list[Record]:
    return [row for page in pages(sandbox, name, window, url) for row in page.records]


def wechatpy(sandbox: Sandbox) -> Any:
    """A client that others wrote."""
    from wechatpy import WeChatClient

    where = sandbox.connection(SOURCE.name)
    client = WeChatClient(where.login, where.password)
    client._http.mount("https://", Detour(where.url))
    return client


# --- spans and days


@pytest.mark.parametrize(("name", "cube"), REPORTS.items())
def test_a_report_is_asked_for_as_many_days_a_call_as_it_allows(sandbox: Sandbox, name: str, cube: str) -> None:
    before = len(sandbox.journal(SOURCE.name))
    assert len(pages(sandbox, name, HISTORY)) == 31
    calls = [call for call in sandbox.journal(SOURCE.name)[before:] if call["path"] == f"/datacube/{cube}"]
    assert len(calls) == -(-31 // CUBES[cube][0])
    assert {call["outcome"] for call in calls} == {"200"}


@pytest.mark.parametrize("name", REPORTS)
def test_a_day_that_is_not_over_is_refused_by_the_platform(sandbox: Sandbox, name: str) -> None:
    tomorrow = DAY + timedelta(days=1)
    with pytest.raises(Rejected, match=rf"^official_account\.{name} {tomorrow}.*61500"):
        rows(sandbox, name, Window.of_days(tomorrow, tomorrow))


def test_a_night_before_the_platform_has_the_day_leaves_it_to_the_next() -> None:
    assert {str(ENTITIES[name].ready_at) for name in REPORTS} == {"08:00:00"}
    assert {ENTITIES[name].ready_at for name in ("followers", "tags")} == {None}


@pytest.mark.parametrize("ref_date", ["2026-11-19", "20261120", None, ["2026-11-20"]])
def test_a_row_of_another_day_is_drift_and_lands_nowhere(sandbox: Sandbox, ref_date: Any) -> None:
    answer = {"list": [{"ref_date": ref_date, "cumulate_user": 3}]}
    with scripted(TOKEN, says(answer)) as server, pytest.raises(SchemaDrift, match="ref_date"):
        rows(sandbox, "user_cumulate", url=server.url)


@pytest.mark.parametrize("answer", [{}, {"list": None}, {"list": {"a": 1}}, {"list": ["a"]}])
def test_no_list_is_not_a_quiet_day(sandbox: Sandbox, answer: Any) -> None:
    """A quiet day withdraws the rows that were read of it before."""
    with scripted(TOKEN, says(answer)) as server, pytest.raises(Retryable, match="something else"):
        rows(sandbox, "user_read", url=server.url)
    with scripted(TOKEN, says({"list": []})) as server:
        assert pages(sandbox, "user_read", url=server.url) == [Page([], DAY)]


@pytest.mark.parametrize("answer", [{}, {"tags": None}, {"tags": ["a"]}])
def test_no_tags_at_all_are_not_tags_that_were_deleted(sandbox: Sandbox, answer: Any) -> None:
    with scripted(TOKEN, says(answer)) as server, pytest.raises(Retryable, match="list of tags"):
        rows(sandbox, "tags", url=server.url)


# --- what the figures say


def test_who_came_and_left_adds_up_to_who_is_there(sandbox: Sandbox) -> None:
    """Two reports and the list of followers tell one story."""
    moved: dict[str, int] = defaultdict(int)
    for row in rows(sandbox, "user_summary", HISTORY):
        moved[row["ref_date"]] += row["new_user"] - row["cancel_user"]
    there = {row["ref_date"]: row["cumulate_user"] for row in rows(sandbox, "user_cumulate", HISTORY)}
    days = list(HISTORY.days())
    assert {f"{day}": there[f"{day}"] - there[f"{day - timedelta(days=1)}"] for day in days[1:]} == {
        f"{day}": moved[f"{day}"] for day in days[1:]
    }
    assert there[f"{DAY}"] == len(rows(sandbox, "followers"))
    assert sum(1 for figure in moved.values() if figure) > 2


def test_the_total_of_readings_is_a_row_among_its_parts(sandbox: Sandbox) -> None:
    """Whoever sums all rows counts each reading twice; people of two sources are counted once in the total."""
    by_day: dict[str, dict[int, Record]] = defaultdict(dict)
    for row in rows(sandbox, "user_read", HISTORY):
        by_day[row["ref_date"]][row["user_source"]] = row
    assert len(by_day) > 20
    fewer = 0
    for of in by_day.values():
        total = of.pop(EVERYWHERE)
        assert total["int_page_read_count"] == sum(row["int_page_read_count"] for row in of.values())
        people = sum(row["int_page_read_user"] for row in of.values())
        assert max(row["int_page_read_user"] for row in of.values()) <= total["int_page_read_user"] <= people
        fewer += total["int_page_read_user"] < people
    assert fewer


def test_readings_by_article_are_the_readings_of_the_day(sandbox: Sandbox) -> None:
    read: Counter[str] = Counter()
    for row in rows(sandbox, "article_summary", HISTORY):
        read[row["ref_date"]] += row["int_page_read_count"]
    totals = [row for row in rows(sandbox, "user_read", HISTORY) if row["user_source"] == EVERYWHERE]
    assert dict(read) == {row["ref_date"]: row["int_page_read_count"] for row in totals}


def test_totals_of_an_article_grow_for_seven_days_and_are_read_until_the_last() -> None:
    """Why its days are read again: the night that sees the seventh total still asks for the day of publishing."""
    entity = ENTITIES["article_total"]
    with running_sandbox(people=60, seed=11, business_date=DAY) as own:
        published = max(article.day for article in account.articles(own.world) if article.day <= DAY)
        told = []
        for _ in range(2):
            told += [rows(own, "article_total", Window.of_days(published, published))[0]["details"]]
            own.advance_to(own.clock.today + timedelta(days=1))
        old = rows(own, "article_total", Window.of_days(published - timedelta(days=12), published - timedelta(days=8)))
    assert [len(details) for details in told] == [(DAY - published).days + 1, (DAY - published).days + 2]
    assert told[1][: len(told[0])] == told[0]
    assert {len(row["details"]) for row in old} == {7}
    counts = [detail["int_page_read_count"] for detail in old[0]["details"]]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]
    assert entity.reread_days >= 7 - 1


def test_tags_of_followers_have_names(sandbox: Sandbox) -> None:
    names = {row["id"]: row for row in rows(sandbox, "tags")}
    held = Counter(tag for row in rows(sandbox, "followers") for tag in row["tagid_list"])
    assert held
    assert {tag: row["count"] for tag, row in names.items() if row["count"]} == dict(held)


# --- another client against the sandbox


def test_wechatpy_reads_every_report(sandbox: Sandbox) -> None:
    """The same rows as ours, by its own words for each report and its own way of writing a date."""
    cube = wechatpy(sandbox).datacube
    window = Window.of_days(DAY - timedelta(days=9), DAY)
    methods = {
        "user_summary": cube.get_user_summary,
        "user_cumulate": cube.get_user_cumulate,
        "article_summary": cube.get_article_summary,
        "article_total": cube.get_article_total,
        "user_read": cube.get_user_read,
        "user_share": cube.get_user_share,
        "upstream_messages": cube.get_upstream_msg,
        "interface_summary": cube.get_interface_summary,
    }
    told = {name: [row for day in window.days() for row in ask(day, day)] for name, ask in methods.items()}
    assert told == {name: rows(sandbox, name, window) for name in methods}
    assert all(told.values())


@pytest.mark.parametrize(
    ("method", "begin", "end", "code"),
    [
        ("get_user_summary", DAY - timedelta(days=6), DAY, 0),
        ("get_user_summary", DAY - timedelta(days=7), DAY, 61501),
        ("get_user_read", DAY - timedelta(days=3), DAY, 61501),
        ("get_article_total", DAY - timedelta(days=1), DAY, 61501),
        ("get_article_summary", DAY - timedelta(days=1), DAY, 61501),
        ("get_interface_summary", DAY - timedelta(days=29), DAY, 0),
        ("get_interface_summary", DAY - timedelta(days=30), DAY, 61501),
        ("get_user_cumulate", DAY, DAY + timedelta(days=1), 61500),
        ("get_user_cumulate", DAY, DAY - timedelta(days=1), 61500),
        ("get_user_cumulate", date(2014, 11, 30), date(2014, 12, 1), 61500),
        ("get_user_cumulate", "20261119", "20261119", 61500),
    ],
)
def test_wechatpy_meets_the_limits_of_spans(sandbox: Sandbox, method: str, begin: Any, end: Any, code: int) -> None:
    from wechatpy.exceptions import WeChatClientException

    ask = getattr(wechatpy(sandbox).datacube, method)
    if not code:
        assert isinstance(ask(begin, end), list)
        return
    with pytest.raises(WeChatClientException) as refused:
        ask(begin, end)
    assert refused.value.errcode == code


def test_wechatpy_reads_tags_and_who_has_them(sandbox: Sandbox) -> None:
    client = wechatpy(sandbox)
    tags = client.tag.get()
    assert {tag["id"]: tag["name"] for tag in tags} == account.TAGS
    fan = next(row for row in rows(sandbox, "followers") if row["tagid_list"])
    assert client.user.get(fan["openid"])["tagid_list"] == fan["tagid_list"]
