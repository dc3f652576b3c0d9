"""The Douyin shop beyond the common contract: signatures, pages that shift, tokens, codes, and what never lands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from quanyu.contracts import Window
from quanyu.errors import ConfigurationError, NeedsPerson, QuanyuError, Rejected, Retryable, Throttled, TokenExpired
from quanyu.sources.douyin_shop import SOURCE, listings
from quanyu.sources.douyin_shop import client as doudian
from tests.fixtures.reading import Kept, Reader
from tests.fixtures.source_server import Reply, says, scripted
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox
from tests.sandbox.world.systems import douyin_shop as chapter

DAY = date(2026, 11, 20)
TODAY = Window.of_days(DAY, DAY)
HISTORY = Window.of_days(DAY - timedelta(days=30), DAY)
# Over, so that what changes now is no longer in it.
PAST = Window.of_days(DAY - timedelta(days=20), DAY - timedelta(days=5))
FILE = Path(__file__).parents[1] / "fixtures" / "vectors_douyin_shop.json"
VECTORS = [one for one in json.loads(FILE.read_text("utf-8")) if one["algorithm"] == "hmac-sha256"]
TOKEN = says({"code": 10000, "data": {"access_token": "scripted-token", "expires_in": 7200}})


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(people=120, seed=7, business_date=DAY) as sandbox:
        yield sandbox


@pytest.fixture
def reader(sandbox: Sandbox) -> Reader:
    return Reader(SOURCE, replace(sandbox.connection("douyin_shop"), tokens=Kept()))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["expected"][:6])
def test_a_signature_equals_the_published_one(vector: dict[str, Any]) -> None:
    given = vector["params"]
    query = {name: given[name] for name in ("app_key", "method", "timestamp", "v")}
    body = doudian.param_json(given["param"])
    assert body == vector["param_json"]
    assert doudian.sign(query, body, secret=vector["secret"]) == vector["expected"]


def test_what_is_sent_is_what_was_signed(reader: Reader) -> None:
    """Byte for byte: sorted keys, no blanks; the token is in the query and not in the signature."""
    with scripted(TOKEN, _listed([], 0)) as server:
        reader.where = replace(reader.where, url=server.url)
        reader.rows("orders", TODAY)
    minted, listed = server.calls
    assert "access_token" not in minted.path
    assert "access_token=scripted-token" in listed.path
    assert listed.body == doudian.param_json(json.loads(listed.body)).encode()
    assert json.loads(listed.body)["page"] == 0


def test_ciphers_masks_and_words_never_leave_the_client(reader: Reader) -> None:
    text = str(reader.rows("orders", HISTORY)) + str(reader.rows("after_sales", HISTORY))
    for word in ("encrypt_", "mask_", "##", "$$", "street", "reason_text"):
        assert word not in text


def test_the_index_of_a_phone_is_the_same_in_every_order_and_tells_two_numbers_apart(
    sandbox: Sandbox, reader: Reader
) -> None:
    numbers = {chapter.order_id(order): chapter.phone(sandbox.world, order) for order in chapter.orders(sandbox.world)}
    shown = {row["order_id"]: row["post_tel_index"] for row in reader.rows("orders", HISTORY)}
    pairs = {(numbers[order], index) for order, index in shown.items() if index}
    assert len(pairs) == len({index for _, index in pairs}) == len({number for number, _ in pairs}) > 2
    assert {numbers[order] for order, index in shown.items() if not index} == {""}


@pytest.mark.parametrize("cipher", ["", "$$onlyindex$$", "138****0000", "##a#1##", None])
def test_a_phone_in_another_form_has_no_index(reader: Reader, cipher: str | None) -> None:
    row = {"order_id": "1", "update_time": int(HISTORY.start.timestamp()), "encrypt_post_tel": cipher}
    with scripted(TOKEN, _listed([row], 1), _listed([], 0)) as server:
        reader.where = replace(reader.where, url=server.url)
        (read,) = reader.rows("orders", HISTORY)
    assert read == {"order_id": "1", "update_time": row["update_time"], "post_tel_index": None}


@pytest.mark.parametrize("entity", ["orders", "after_sales"])
def test_small_pages_and_small_parts_bring_the_same_rows(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, entity: str
) -> None:
    whole = sorted(reader.rows(entity, HISTORY), key=str)
    monkeypatch.setattr(listings, "_PAGE", 1)
    assert sorted(reader.rows(entity, HISTORY), key=str) == whole
    monkeypatch.setattr(listings, "_MOST_ROWS", 1)
    assert sorted(reader.rows(entity, HISTORY), key=str) == whole


def test_an_order_that_changes_while_we_read_costs_no_other(
    sandbox: Sandbox, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sorted oldest first the pages shift all the same: what changes leaves a range that is over."""
    monkeypatch.setattr(listings, "_PAGE", 1)
    monkeypatch.setattr(listings, "_DAY", timedelta(days=20))
    there = _changed(sandbox, PAST)
    sandbox.fault("douyin_shop", "shift", match="searchList", after=2)
    read = {row["order_id"] for row in reader.rows("orders", PAST)}
    stayed = _changed(sandbox, PAST)
    assert len(stayed) > 2
    assert len(there - stayed) == 1
    assert read >= stayed


def test_the_shift_is_real_paging_forward_does_lose_an_order(sandbox: Sandbox, reader: Reader) -> None:
    """Proves that the test above can fail."""
    sandbox.fault("douyin_shop", "shift", match="searchList", after=1)
    start, end = (int(at.timestamp()) for at in (PAST.start, PAST.end))
    asked = {"update_time_start": start, "update_time_end": end, "order_by": "update_time", "order_asc": True}
    read: set[str] = set()
    with SOURCE.connect(reader.where) as client:
        for page in range(len(_changed(sandbox, PAST))):
            rows = client.call("order.searchList", {**asked, "page": page, "size": 1})["shop_order_list"]
            read |= {row["order_id"] for row in rows}
    assert _changed(sandbox, PAST) - read


def test_a_window_leaves_its_last_second_to_the_next(sandbox: Sandbox, reader: Reader) -> None:
    """The platform counts both ends in; ours exclude the end."""
    end = sandbox.clock.end
    changed = sorted(of.modified(end) for of in chapter.orders(sandbox.world) if of.exists(end))
    at = next(when for when in changed[len(changed) // 2 :] if HISTORY.start < when < end).replace(microsecond=0)
    seconds = int(at.timestamp())
    before, after = (
        {row["update_time"] for row in reader.rows("orders", window)}
        for window in (Window(at - timedelta(hours=30), at), Window(at, at + timedelta(hours=30)))
    )
    assert seconds not in before
    assert seconds in after


# --- tokens


def _refreshes(sandbox: Sandbox) -> list[str]:
    return [entry["path"] for entry in sandbox.journal("douyin_shop") if entry["path"].startswith("/token/")]


def test_a_dead_token_is_refreshed_and_the_next_process_finds_the_new_one(sandbox: Sandbox, reader: Reader) -> None:
    calm = reader.rows("orders", TODAY)
    sandbox.fault("douyin_shop", "token_expired")
    assert reader.rows("orders", TODAY) == calm
    assert Reader(SOURCE, reader.where).rows("orders", TODAY) == calm
    assert _refreshes(sandbox) == ["/token/create", "/token/refresh"]


def test_a_refresh_whose_answer_is_lost_is_healed_by_minting(sandbox: Sandbox, reader: Reader) -> None:
    """The old refresh token is dead then; an app of the shop's own needs nobody for a new pair."""
    calm = reader.rows("orders", TODAY)
    sandbox.fault("douyin_shop", "token_expired")
    sandbox.fault("douyin_shop", "reply_lost", match="/token/refresh")
    assert reader.rows("orders", TODAY) == calm
    assert _refreshes(sandbox)[1:] == ["/token/refresh", "/token/refresh", "/token/create"]


def test_a_tool_app_lives_on_its_refresh_token_and_needs_a_person_without(sandbox: Sandbox, reader: Reader) -> None:
    platform: Any = sandbox.platforms["douyin_shop"]
    pair = {"access_token": platform.tokens.access, "refresh_token": platform.tokens.refresh}
    reader.where = replace(reader.where, extra={"account": chapter.APP, **pair})
    calm = reader.rows("orders", TODAY)
    sandbox.fault("douyin_shop", "token_expired")
    assert reader.rows("orders", TODAY) == calm
    assert _refreshes(sandbox) == ["/token/refresh"]
    platform.tokens.end()
    with pytest.raises(NeedsPerson, match="refresh token is refused") as caught:
        reader.rows("orders", TODAY)
    assert "authorise" in caught.value.remedy
    assert "/token/create" not in _refreshes(sandbox)


def test_a_refresh_that_returns_the_same_pair_is_no_help_and_another_is_minted(reader: Reader) -> None:
    """More than an hour before its end a refresh changes nothing; the platform refuses the token all the same."""
    refused = says({"code": 40003, "sub_code": "isv.access-token-no-existed", "sub_msg": "x"})
    first, other = ({"access_token": name, "refresh_token": f"{name}-r", "expires_in": 7200} for name in ("a1", "b2"))
    replies = [_granted(first), refused, _granted(first), _granted(other), _listed([], 0)]
    with scripted(*replies) as server:
        reader.where = replace(reader.where, url=server.url)
        assert reader.rows("orders", TODAY) == []
    paths = [call.path.split("?")[0] for call in server.calls]
    assert paths == ["/token/create", "/order/searchList", "/token/refresh", "/token/create", "/order/searchList"]
    assert "access_token=b2" in server.calls[-1].path


def test_a_token_that_is_refused_afresh_needs_a_person(reader: Reader) -> None:
    refused = says({"code": 40003, "sub_code": "isv.access-token-expired", "sub_msg": "x"})
    replies = [TOKEN, refused, TOKEN, refused]
    with scripted(*replies) as server:
        reader.where = replace(reader.where, url=server.url)
        with pytest.raises(NeedsPerson, match="issued a moment ago"):
            reader.rows("orders", TODAY)


@pytest.mark.parametrize("as_moment", [False, True], ids=["a span", "a moment"])
def test_the_end_of_a_token_is_understood_in_both_forms(sandbox: Sandbox, reader: Reader, as_moment: bool) -> None:
    platform: Any = sandbox.platforms["douyin_shop"]
    platform.says_when_tokens_end = as_moment
    reader.rows("orders", TODAY)
    (grant,) = reader.where.tokens.grants.values()  # type: ignore[union-attr]
    assert abs(grant.expires_at - platform.tokens.ends_at) < timedelta(seconds=5)


def test_a_connection_without_shop_and_without_tokens_is_incomplete(reader: Reader) -> None:
    with (
        pytest.raises(ConfigurationError, match="incomplete"),
        SOURCE.connect(replace(reader.where, extra={"account": chapter.APP})),
    ):
        pass


# --- codes and odd answers


@pytest.mark.parametrize(
    ("code", "sub_code", "expected"),
    [
        (10001, "", Retryable),
        (20000, "dop.service-error", Retryable),
        (20000, "isp.service-error:x", Retryable),
        (20001, "", Retryable),
        (90000, "", Retryable),
        (60000, "", Throttled),
        (40003, "isv.access-token-expired", TokenExpired),
        (40003, "isv.access-token-no-existed", TokenExpired),
        (30001, "dop.authorization-closed", NeedsPerson),
        (30001, "isv.app-permissions-insufficient", NeedsPerson),
        (30002, "isv.invalid_ip", NeedsPerson),
        (80000, "", NeedsPerson),
        (50001, "dop.token-generate-failed:x", NeedsPerson),
        (40003, "isv.signature-invalid", Rejected),
        (40003, "isv.timestamp-invalid", Rejected),
        (40004, "", Rejected),
        (50002, "", Rejected),
        (70000, "", Rejected),
    ],
)
def test_codes_say_what_to_do(code: int, sub_code: str, expected: type[QuanyuError]) -> None:
    error = doudian.error_of("m", {"code": code, "sub_code": sub_code, "msg": "x", "log_id": "l"})
    assert type(error) is expected
    assert str(code) in str(error)
    assert error.remedy or expected is TokenExpired


@pytest.mark.parametrize("kind", ["busy", "partial"])
@pytest.mark.parametrize("entity", ["orders", "after_sales"])
def test_the_platforms_own_trouble_and_half_an_answer_are_outlived(
    sandbox: Sandbox, reader: Reader, entity: str, kind: str
) -> None:
    """10001 comes with rows: taken for the whole list they would be a quiet loss."""
    calm = reader.pages(entity, TODAY)
    sandbox.fault("douyin_shop", kind, times=2, match="List")
    assert reader.pages(entity, TODAY) == calm
    assert len(reader.waits) >= 2


@pytest.mark.parametrize(
    "answer",
    [
        {"msg": "no code"},
        {"code": 10000},
        {"code": 10000, "data": {"shop_order_list": []}},
        {"code": 10000, "data": {"shop_order_list": [], "total": 3}},
    ],
    ids=["no code", "no data", "no total", "shorter than announced"],
)
def test_a_broken_answer_is_not_an_empty_day(reader: Reader, answer: object) -> None:
    with scripted(TOKEN, says(answer)) as server:
        reader.where = replace(reader.where, url=server.url)
        with pytest.raises(Retryable, match=f"douyin_shop.orders {DAY}"):
            reader.rows("orders", TODAY)


def test_live_sessions_and_creators_are_on_the_lines_that_they_sold(sandbox: Sandbox, reader: Reader) -> None:
    """A session has one creator and one day; a video sells without a session."""
    lines = [
        (
            line["author_id"],
            line["room_id"],
            datetime.fromtimestamp(row["create_time"], sandbox.clock.end.tzinfo).date(),
        )
        for row in reader.rows("orders", HISTORY)
        for line in row["sku_order_list"]
    ]
    rooms = {room for _, room, _ in lines if room}
    assert len({(author, room, day) for author, room, day in lines if room}) == len(rooms) > 2
    assert any(author and not room for author, room, _ in lines)
    assert any(not author and not room for author, room, _ in lines)


def _changed(sandbox: Sandbox, window: Window) -> set[str]:
    end = sandbox.clock.end
    there = [order for order in chapter.orders(sandbox.world) if order.exists(end)]
    return {chapter.order_id(order) for order in there if window.start <= order.modified(end) < window.end}


def _granted(grant: dict[str, Any]) -> Reply:
    return says({"code": 10000, "data": grant})


def _listed(rows: list[dict[str, Any]], total: int) -> Reply:
    return says({"code": 10000, "data": {"shop_order_list": rows, "total": total}})
