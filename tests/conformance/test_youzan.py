"""Youzan beyond the common contract: two envelopes, halved windows, throttles, tokens, ciphers, ids of WeChat."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from quanyu import youzan
from quanyu.contracts import Window
from quanyu.errors import NeedsPerson, QuanyuError, Rejected, Retryable, Throttled, TokenExpired
from quanyu.sources.youzan import SOURCE, listings
from tests.fixtures.reading import Kept, Reader
from tests.fixtures.source_server import Reply, says, scripted
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox
from tests.sandbox.world.openids import MINI_APPID, openid
from tests.sandbox.world.systems import youzan as chapter

DAY = date(2026, 11, 20)
TODAY = Window.of_days(DAY, DAY)
HISTORY = Window.of_days(DAY - timedelta(days=30), DAY)
# Over, so that what changes now is no longer in it.
PAST = Window.of_days(DAY - timedelta(days=20), DAY - timedelta(days=5))
ENDS = int(datetime(2099, 1, 1, tzinfo=UTC).timestamp() * 1000)
TOKEN = says({"success": True, "code": 200, "data": {"access_token": "scripted-token", "expires": ENDS}})


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(people=100, seed=7, business_date=DAY) as sandbox:
        yield sandbox


@pytest.fixture
def reader(sandbox: Sandbox) -> Reader:
    return Reader(SOURCE, replace(sandbox.connection("youzan"), tokens=Kept()))


def _ok(**data: Any) -> Reply:
    return says({"trace_id": "t", "code": 200, "success": True, "data": data})


def _gateway(code: int) -> Reply:
    return says({"gw_err_resp": {"trace_id": "t", "err_msg": "x", "err_code": code}})


# --- lists


@pytest.mark.parametrize(("entity", "most"), [("trades", "_MOST_TRADES"), ("refunds", "_MOST_REFUNDS")])
def test_small_pages_and_halved_windows_bring_the_same_rows(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, entity: str, most: str
) -> None:
    """The platform lists no more than so many rows a window, and says nothing when there are more."""
    whole = sorted(reader.rows(entity, HISTORY), key=str)
    assert len(whole) > 2
    monkeypatch.setattr(listings, "_PAGE", 2)
    assert sorted(reader.rows(entity, HISTORY), key=str) == whole
    monkeypatch.setattr(listings, most, 1)
    assert sorted(reader.rows(entity, HISTORY), key=str) == whole


def test_customers_beyond_what_the_platform_lists_are_read_in_parts(sandbox: Sandbox, reader: Reader) -> None:
    """142710032 halves the time; nobody is lost and nobody comes twice."""
    whole = sorted(reader.rows("customers", TODAY), key=str)
    platform: Any = sandbox.platforms["youzan"]
    platform.most_customers = 3
    assert len(whole) > 3
    before = len(sandbox.journal("youzan"))
    assert sorted(reader.rows("customers", TODAY), key=str) == whole
    outcomes = [entry["outcome"] for entry in sandbox.journal("youzan")[before:]]
    assert outcomes.count("142710032") > 2


def test_more_customers_in_one_second_than_the_platform_lists_end_the_reading(reader: Reader) -> None:
    """Better no list than one with a hole."""
    with scripted(TOKEN, says({"code": 142710032, "success": False, "message": "x"})) as server:
        reader.where = replace(reader.where, url=server.url)
        with pytest.raises(Rejected, match=f"youzan.customers {DAY}"):
            reader.rows("customers", TODAY)


def test_a_list_of_customers_that_ends_early_is_no_wave_of_people_who_left(reader: Reader) -> None:
    row = {"yz_open_id": "y1", "created_at": 1_700_000_000}
    answers = [_ok(total=2, record_list=[row])]
    with scripted(TOKEN, *answers) as server:
        reader.where = replace(reader.where, url=server.url)
        with pytest.raises(Retryable, match="1 of 2 customers"):
            reader.rows("customers", TODAY)


def test_a_trade_that_changes_while_we_read_costs_no_other(
    sandbox: Sandbox, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listings, "_PAGE", 1)
    monkeypatch.setattr(listings, "_DAY", timedelta(days=20))
    there = _changed(sandbox, PAST)
    sandbox.fault("youzan", "shift", match="sold.get", after=2)
    read = {row["order_info"]["tid"] for row in reader.rows("trades", PAST)}
    stayed = _changed(sandbox, PAST)
    assert len(stayed) > 2
    assert len(there - stayed) == 1
    assert read >= stayed


def test_the_shift_is_real_paging_forward_does_lose_a_trade(sandbox: Sandbox, reader: Reader) -> None:
    """Proves that the test above can fail."""
    sandbox.fault("youzan", "shift", match="sold.get", after=1)
    asked = {"start_update": f"{PAST.start:%F %T}", "end_update": f"{PAST.end:%F %T}", "page_size": 1}
    read: set[str] = set()
    with SOURCE.connect(reader.where) as client:
        for number in range(1, len(_changed(sandbox, PAST)) + 1):
            answer = client.call("youzan.trades.sold.get/4.0.4", {**asked, "page_no": number})
            read |= {row["full_order_info"]["order_info"]["tid"] for row in answer["full_order_info_list"]}
    assert _changed(sandbox, PAST) - read


def test_half_a_filter_would_be_ignored_and_both_halves_are_sent(sandbox: Sandbox, reader: Reader) -> None:
    """Proves that the platform brings everything for half a pair, so the pair matters."""
    api = "youzan.trades.sold.get/4.0.4"
    with SOURCE.connect(reader.where) as client:
        half = client.call(api, {"start_update": f"{TODAY.start:%F %T}", "page_no": 1, "page_size": 1})
    there = [order for order in chapter.orders(sandbox.world) if order.exists(sandbox.clock.end)]
    assert half["total_results"] == len(there) > len(reader.rows("trades", TODAY))


def test_a_window_leaves_its_last_second_to_the_next(sandbox: Sandbox, reader: Reader) -> None:
    end = sandbox.clock.end
    changed = sorted(of.modified(end) for of in chapter.orders(sandbox.world) if of.exists(end))
    at = next(when for when in changed[len(changed) // 2 :] if HISTORY.start < when < end).replace(microsecond=0)
    before, after = (
        {row["order_info"]["update_time"] for row in reader.rows("trades", window)}
        for window in (Window(at - timedelta(hours=30), at), Window(at, at + timedelta(hours=30)))
    )
    assert f"{at:%F %T}" not in before
    assert f"{at:%F %T}" in after


# --- people


def test_ciphers_and_words_never_leave_the_client(reader: Reader) -> None:
    text = "".join(str(reader.rows(entity.name, HISTORY)) for entity in SOURCE.entities)
    for word in ("$1$", "receiver", "buyer_phone", "mobile'", "buyer_message", "nick_name", "avatar"):
        assert word not in text


def test_buyers_and_new_customers_are_asked_for_once_each(sandbox: Sandbox, reader: Reader) -> None:
    """Whoever bought twice is one call, and two sightings."""
    rows = reader.rows("users", HISTORY)
    asked = [entry for entry in sandbox.journal("youzan") if "users.info" in entry["path"]]
    people = {row["yz_open_id"] for row in rows}
    assert len(asked) == len(people) < len(rows)


def test_the_mall_shows_the_ids_that_the_mini_program_and_wechat_know(sandbox: Sandbox, reader: Reader) -> None:
    """The bridge: the mini program's openid, and the unionid where WeChat says it."""
    who = {account[2]: person for account, person in chapter.accounts(sandbox.world)}
    bound = set()
    for row in reader.rows("users", HISTORY):
        person = who[row["yz_open_id"]]
        (user,) = row["user_list"]
        assert (user["appid"], user["platform_info"]["weixin_open_id"]) == (
            MINI_APPID,
            openid(sandbox.world, MINI_APPID, person),
        )
        assert user["wechat_info"].get("union_id") in {None, sandbox.world.person(person).unionid}
        bound.add("union_id" in user["wechat_info"])
    assert bound == {True, False}


def test_without_its_appid_an_openid_belongs_to_nobody(reader: Reader) -> None:
    """Which app an openid is of is not said by the platform; unnamed, it must not become evidence."""
    reader.where = replace(reader.where, extra={"account": chapter.KDT_ID})
    trades, users = reader.rows("trades", HISTORY), reader.rows("users", HISTORY)
    assert {row["buyer_info"]["outer_user_appid"] for row in trades} == {None}
    assert {user["appid"] for row in users for user in row["user_list"]} == {None}


def test_an_order_from_outside_the_mini_program_has_no_known_appid(reader: Reader) -> None:
    info = {"tid": "E1", "update_time": f"{DAY} 10:00:00"}
    buyer = {"yz_open_id": "y1", "outer_user_id": "o1", "buyer_phone": "$a$1$"}
    source = {"source": {"platform": "wx", "wx_entrance": "direct_buy"}}
    row = {"full_order_info": {"order_info": info, "buyer_info": buyer, "orders": [], "source_info": source}}
    with scripted(TOKEN, _ok(total_results=1, full_order_info_list=[row])) as server:
        reader.where = replace(reader.where, url=server.url)
        (read,) = reader.rows("trades", TODAY)
    assert read["buyer_info"] == {"yz_open_id": "y1", "outer_user_id": "o1", "outer_user_appid": None}


# --- tokens, throttles and codes


def test_a_dead_token_is_minted_anew_and_the_next_process_finds_it(sandbox: Sandbox, reader: Reader) -> None:
    calm = reader.rows("trades", TODAY)
    sandbox.fault("youzan", "token_expired")
    assert reader.rows("trades", TODAY) == calm
    assert Reader(SOURCE, reader.where).rows("trades", TODAY) == calm
    assert [entry["path"] for entry in sandbox.journal("youzan")].count("/auth/token") == 2


def test_the_end_of_a_token_is_read_in_milliseconds(reader: Reader) -> None:
    reader.rows("trades", TODAY)
    (grant,) = reader.where.tokens.grants.values()  # type: ignore[union-attr]
    assert timedelta(days=6) < grant.expires_at - datetime.now(UTC) < timedelta(days=8)


def test_the_token_travels_in_the_query_and_nowhere_else(reader: Reader) -> None:
    with scripted(TOKEN, _ok(total_results=0)) as server:
        reader.where = replace(reader.where, url=server.url)
        assert reader.rows("trades", TODAY) == []
    assert "access_token=scripted-token" in server.calls[1].path
    assert b"scripted-token" not in server.calls[1].body


@pytest.mark.parametrize("code", [4101, 500100004, 123000042, 141500203])
def test_each_refusal_for_being_too_fast_doubles_the_pause(reader: Reader, code: int) -> None:
    """3, 6, 12, 24, 48 seconds; then the reading ends, and not the data."""
    refused = _gateway(code) if code == 4101 else says({"code": code, "success": False, "message": "x"})
    with scripted(TOKEN, refused) as server:
        reader.where = replace(reader.where, url=server.url)
        with pytest.raises(Throttled) as caught:
            reader.rows("trades", TODAY)
    assert [round(wait) for wait in reader.waits if wait > 1] == [3, 6, 12, 24, 48]
    assert len(server.calls) == 7
    assert caught.value.remedy


def test_after_a_good_answer_the_pauses_begin_again(reader: Reader) -> None:
    replies = [TOKEN, _gateway(4101), _ok(total_results=0), _gateway(4101), _ok(total_results=0)]
    with scripted(*replies) as server:
        reader.where = replace(reader.where, url=server.url)
        reader.rows("trades", Window.of_days(DAY - timedelta(days=1), DAY))
    assert [round(wait) for wait in reader.waits if wait > 1] == [3, 3]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (4201, TokenExpired),
        (4202, TokenExpired),
        (4203, TokenExpired),
        (106000001, Retryable),
        (106100118, Retryable),
        (106000003, Retryable),
        (142710032, youzan.TooMany),
        (4204, youzan.Refused),
        (5001, youzan.Refused),
        (5000, youzan.Refused),
    ],
)
def test_codes_say_what_to_do(code: int, expected: type[QuanyuError]) -> None:
    error = youzan.error_of(code, "m")
    assert type(error) is expected
    assert error.remedy or expected is TokenExpired


@pytest.mark.parametrize("code", [1000, 1004, 1005, 1103, 1105])
def test_a_refused_app_needs_a_person(reader: Reader, code: int) -> None:
    with scripted(says({"success": False, "code": code, "data": None, "message": "x"})) as server:
        reader.where = replace(reader.where, url=server.url)
        with pytest.raises(NeedsPerson, match=str(code)) as caught:
            reader.rows("trades", TODAY)
        assert len(server.calls) == 1
    assert "client_secret" in caught.value.remedy


def test_the_platforms_own_trouble_is_outlived(sandbox: Sandbox, reader: Reader) -> None:
    calm = reader.pages("refunds", TODAY)
    sandbox.fault("youzan", "busy", times=2)
    assert reader.pages("refunds", TODAY) == calm
    assert len(reader.waits) >= 2


@pytest.mark.parametrize(
    "reply",
    [says({"success": True}), says({"code": 200, "success": True}), _ok(), _ok(total_results=3)],
    ids=["no code", "no data", "no total", "shorter than announced"],
)
def test_a_broken_answer_is_not_an_empty_day(reader: Reader, reply: Reply) -> None:
    with scripted(TOKEN, reply) as server:
        reader.where = replace(reader.where, url=server.url)
        with pytest.raises(Retryable, match=f"youzan.trades {DAY}"):
            reader.rows("trades", TODAY)


def _changed(sandbox: Sandbox, window: Window) -> set[str]:
    end = sandbox.clock.end
    there = [order for order in chapter.orders(sandbox.world) if order.exists(end)]
    return {chapter.tid(order) for order in there if window.start <= order.modified(end) < window.end}
