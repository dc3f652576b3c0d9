"""The WeChat Store beyond the common contract: ids of two types, edges of windows, lists that do not end well."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from quanyu.contracts import Mode, Page, Record, Window
from quanyu.errors import NeedsPerson, QuanyuError, Rejected, Retryable, Throttled
from quanyu.landing.drift import Shape
from quanyu.sources.wechat_store import SOURCE
from quanyu.sources.wechat_store import client as store_client
from tests.fixtures.source_server import Reply, says, scripted
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox
from tests.sandbox.world.openids import STORE_APPID
from tests.sandbox.world.systems import wechat_store as chapter

DAY = date(2026, 11, 20)
HISTORY = Window.of_days(DAY - timedelta(days=30), DAY)
ORDERS, AFTER_SALES, MEMBERS = SOURCE.entities
TOKEN = says({"access_token": "scripted-token", "expires_in": 7200})


@pytest.fixture(scope="module")
def company() -> Iterator[Sandbox]:
    with running_sandbox(people=60, seed=11, business_date=DAY) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(company: Sandbox) -> Iterator[Sandbox]:
    yield company
    company.clear()


def pages(sandbox: Sandbox, entity: Any, window: Window, url: str = "") -> list[Page]:
    where = sandbox.connection(SOURCE.name)
    with SOURCE.connect(replace(where, url=url or where.url), sleep=lambda _: None) as client:
        return list(entity.read(client, window))


def rows(sandbox: Sandbox, entity: Any, window: Window, url: str = "") -> list[Record]:
    return [row for page in pages(sandbox, entity, window, url) for row in page.records]


def test_an_id_that_comes_as_a_number_lands_as_the_exact_text(sandbox: Sandbox) -> None:
    """The platform's tables say number here and string there; above 2^53 only text survives every tool."""
    there = {str(chapter.order_id(order)) for order in chapter.orders(sandbox.world)}
    read = {row["order_id"] for row in rows(sandbox, ORDERS, HISTORY)}
    assert read
    assert read <= there
    assert {row["order_id"] for row in rows(sandbox, AFTER_SALES, HISTORY)} <= there


def test_receivers_and_free_words_never_leave_the_client(sandbox: Sandbox) -> None:
    text = str(rows(sandbox, ORDERS, HISTORY)) + str(rows(sandbox, AFTER_SALES, HISTORY))
    for name in ("user_name", "tel_number", "hash_code", "address_info", "notes", "reason_text", "****"):
        assert name not in text


def test_a_window_ends_before_its_last_second_and_the_next_begins_with_it(sandbox: Sandbox) -> None:
    """The platform counts both ends in; ours exclude the end."""
    end = sandbox.clock.end
    changed = sorted(
        order.modified(end).replace(microsecond=0)
        for order in chapter.orders(sandbox.world)
        if order.exists(end) and order.modified(end) > HISTORY.start
    )
    at = changed[len(changed) // 2]
    before = rows(sandbox, ORDERS, Window(at - timedelta(hours=30), at))
    after = rows(sandbox, ORDERS, Window(at, at + timedelta(hours=30)))
    assert str(int(at.timestamp())) not in {row["update_time"] for row in before}
    assert str(int(at.timestamp())) in {row["update_time"] for row in after}


def test_windows_are_as_long_as_the_platform_allows_and_no_longer(sandbox: Sandbox) -> None:
    """31 days are 5 windows of orders and 31 of after-sales; one call each for the list."""
    before = len(sandbox.journal("wechat_store"))
    rows(sandbox, ORDERS, HISTORY)
    rows(sandbox, AFTER_SALES, HISTORY)
    calls = [entry["path"] for entry in sandbox.journal("wechat_store")[before:]]
    assert calls.count("/channels/ec/order/list/get") == 5
    assert calls.count("/channels/ec/aftersale/getaftersalelist") == 31


@pytest.mark.parametrize(("listing", "longest"), [("ORDERS", timedelta(days=8)), ("AFTER_SALES", timedelta(hours=25))])
def test_the_platform_does_refuse_longer_windows(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, listing: str, longest: timedelta
) -> None:
    """Proves that the test above can fail."""
    too_long = replace(getattr(store_client, listing), longest=longest)
    with SOURCE.connect(sandbox.connection(SOURCE.name)) as client, pytest.raises(Rejected, match="10020004"):
        list(store_client.changed(client, "wechat_store.x", too_long, HISTORY))


@pytest.mark.parametrize("size", [1, 3])
def test_small_pages_bring_the_same_rows(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    whole = {entity.name: rows(sandbox, entity, HISTORY) for entity in (ORDERS, MEMBERS)}
    monkeypatch.setattr(store_client, "_PAGE_SIZE", size)
    for entity in (ORDERS, MEMBERS):
        small = rows(sandbox, entity, HISTORY)
        assert sorted(small, key=str) == sorted(whole[entity.name], key=str)


def test_phones_of_members_are_there_in_clear_masked_or_not_at_all(sandbox: Sandbox) -> None:
    """Nobody's masked phone may become evidence: staging tells them apart by their token."""
    assert MEMBERS.mode is Mode.SNAPSHOT
    shown = [row["user_info"].get("phone_number", "") for row in rows(sandbox, MEMBERS, HISTORY)]
    assert {"*" in phone for phone in shown if phone} == {True, False}
    assert "" in shown


_ONE = says({"errcode": 0, "order_id_list": ["7"], "next_key": "", "has_more": False})


@pytest.mark.parametrize(
    ("entity", "replies", "words"),
    [
        (ORDERS, [says({"order_id_list": [], "has_more": True, "next_key": ""})], "no cursor"),
        (ORDERS, [says({"order_id_list": [], "has_more": True, "next_key": "k"})], "circles"),
        (ORDERS, [_ONE, says({"errcode": 0, "order": {"order_id": 8}})], "asked for"),
        (ORDERS, [_ONE, says({"errcode": 0})], "asked for"),
        (MEMBERS, [says({"list": [{"openid": "a"}], "total_num": 150}), says({"total_num": 150})], "100 of 150"),
        (MEMBERS, [says({"list": [{"openid": "a"}, {"openid": "a"}], "total_num": 2})], "1 of 2"),
    ],
)
def test_an_answer_that_is_not_whole_is_an_error(
    sandbox: Sandbox, entity: Any, replies: list[Reply], words: str
) -> None:
    """A list that stops early must not look like orders that were not placed and members who left."""
    with scripted(TOKEN, *replies) as server, pytest.raises(Retryable, match=words) as error:
        rows(sandbox, entity, Window.of_days(DAY, DAY), server.url)
    assert str(error.value).startswith(f"wechat_store.{entity.name} {DAY}")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (45011, Throttled),
        (45009, Throttled),
        (-1, Retryable),
        (45035, NeedsPerson),
        (61004, NeedsPerson),
        (48001, NeedsPerson),
        (40013, NeedsPerson),
        (40001, NeedsPerson),
        (41001, NeedsPerson),
        (47001, Rejected),
        (43002, Rejected),
    ],
)
def test_the_platforms_codes_say_what_to_do(sandbox: Sandbox, code: int, expected: type[QuanyuError]) -> None:
    """A token that is refused twice needs a person; a limit is never the end of the data."""
    with scripted(TOKEN, says({"errcode": code, "errmsg": "x"})) as server, pytest.raises(QuanyuError) as error:
        rows(sandbox, ORDERS, Window.of_days(DAY, DAY), server.url)
    assert isinstance(error.value, expected)
    if code == 45009:
        assert isinstance(error.value, Throttled)
        assert error.value.until is not None


def test_a_changed_type_is_drift(sandbox: Sandbox) -> None:
    sandbox.fault("wechat_store", "changed_type", times=10_000)
    row = rows(sandbox, ORDERS, HISTORY)[0]
    assert Shape(ORDERS).check(row, set()) == ["update_time: expected text, got array"]


def test_orders_and_members_call_one_person_by_one_openid(sandbox: Sandbox) -> None:
    """An openid belongs to the store's appid, whatever shows it."""
    people = {account[2]: person for account, person in chapter.accounts(sandbox.world) if account[1] == STORE_APPID}
    shown = {row["openid"] for row in [*rows(sandbox, ORDERS, HISTORY), *rows(sandbox, MEMBERS, HISTORY)]}
    assert shown <= people.keys()
    assert len({people[one] for one in shown}) == len(shown)


def test_the_night_reads_what_changed_until_midnight(sandbox: Sandbox) -> None:
    last = max(int(row["update_time"]) for row in rows(sandbox, ORDERS, HISTORY))
    assert datetime.fromtimestamp(last, tz=sandbox.clock.end.tzinfo) < sandbox.clock.end
