"""JD beyond the common contract: its signature, its codes, half answers, small windows, tokens that turn over."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from quanyu.contracts import SHANGHAI, Record, Window
from quanyu.errors import NeedsPerson, QuanyuError, Rejected, Retryable, Throttled, TokenExpired
from quanyu.sources.jd import SOURCE, client, listings
from tests.fixtures.reading import Kept, Reader
from tests.fixtures.source_server import Reply, says, scripted
from tests.sandbox import running_sandbox
from tests.sandbox.jd import Jd
from tests.sandbox.server import Sandbox
from tests.sandbox.world.systems import jd as chapter

DAY = date(2026, 11, 20)
HISTORY = Window.of_days(DAY - timedelta(days=30), DAY)
TODAY = Window.of_days(DAY, DAY)
VECTORS = json.loads((Path(__file__).parents[1] / "fixtures" / "vectors_jd.json").read_text("utf-8"))
ENTITIES = [entity.name for entity in SOURCE.entities]


@pytest.fixture(scope="module")
def company() -> Iterator[Sandbox]:
    with running_sandbox(people=200, seed=11, business_date=DAY) as sandbox:
        yield sandbox


@pytest.fixture
def reader(company: Sandbox) -> Iterator[Reader]:
    yield Reader(SOURCE, company.connection("jd"))
    company.clear()


@pytest.fixture
def fresh() -> Iterator[Sandbox]:
    with running_sandbox(people=40, seed=11, business_date=DAY) as sandbox:
        yield sandbox


def failure(reader: Reader, *replies: Reply, entity: str = "orders") -> QuanyuError:
    """What a reading ends with when the gateway answers so."""
    with scripted(*replies) as server:
        extra = {**reader.where.extra, "oauth_url": server.url}
        with pytest.raises(QuanyuError) as caught:
            Reader(SOURCE, replace(reader.where, url=server.url, extra=extra)).rows(entity, TODAY)
    assert str(caught.value).startswith(f"jd.{entity} {DAY}")
    return caught.value


def refusal(code: str) -> Reply:
    return says({"error_response": {"code": code, "zh_desc": "不行", "en_desc": "no"}})


def orders(inside: Any, **more: Any) -> Reply:
    return says({"jingdong_pop_order_search_responce": {"code": "0", "searchorderinfo_result": inside, **more}})


# --- signing


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["expected"][:6])
def test_a_signature_equals_the_published_one(vector: dict[str, Any]) -> None:
    assert client.sign(vector["params"], secret=vector["secret"]) == vector["expected"]
    assert client.sign({**vector["params"], "sign": "x"}, secret=vector["secret"]) == vector["expected"]


# --- codes and answers


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        *((code, Retryable) for code in ("1", "43", "65", "66", "67", "69", "78")),
        ("2", Throttled),
        *((code, TokenExpired) for code in ("18", "19")),
        *((code, NeedsPerson) for code in ("3", "22", "23", "24", "25", "28", "64", "74", "75", "80")),
        *((code, Rejected) for code in ("7", "8", "11", "12", "14", "20", "50", "61", "83", "", "x")),
    ],
)
def test_josses_codes_say_what_to_do(code: str, expected: type[QuanyuError]) -> None:
    """They are texts; a limit is never the end of the data, and no time is named for it."""
    error = client.error_of("m", {"code": code, "zh_desc": "x", "en_desc": "y"})
    assert type(error) is expected
    assert error.remedy or expected is TokenExpired
    if isinstance(error, Throttled):
        assert error.until is None


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        pytest.param(says({"request_id": "r"}), Retryable, id="no envelope"),
        pytest.param(orders({"apiResult": {"success": True}, "orderInfoList": []}), Retryable, id="no total"),
        pytest.param(
            orders({"apiResult": {"success": True}, "orderTotal": 2, "orderInfoList": []}), Retryable, id="no rows"
        ),
        pytest.param(
            orders({"apiResult": {"success": False, "chineseErrCode": "参数错误", "numberCode": 10100001}}),
            Rejected,
            id="a failure inside",
        ),
        pytest.param(
            orders({"apiResult": {"success": False, "chineseErrCode": "系统繁忙", "numberCode": 10100046}}),
            Retryable,
            id="the spurious failure",
        ),
        pytest.param(
            says({"jingdong_pop_order_search_responce": {"code": "65", "zh_desc": "超时"}}),
            Retryable,
            id="a code inside",
        ),
        pytest.param(refusal("80"), NeedsPerson, id="address not allowed"),
    ],
)
def test_a_half_answer_is_an_error_and_not_a_day_without_orders(
    reader: Reader, reply: Reply, expected: type[QuanyuError]
) -> None:
    assert isinstance(failure(reader, reply), expected)


def test_a_refund_list_that_refuses_says_why(reader: Reader) -> None:
    said = {"pageResult": {"success": False, "code": "20001", "msg": "审核时间跨度不能超过10天"}}
    error = failure(reader, says({"jingdong_asc_serviceAndRefund_view_responce": said}), entity="after_sales")
    assert isinstance(error, Rejected)
    assert "审核时间跨度不能超过10天" in str(error)


def test_a_scan_that_ends_early_is_no_wave_of_members_who_left(reader: Reader) -> None:
    """A page that was lost with its answer leaves fewer members than announced."""
    page = [{"customer_pin": f"p{number}"} for number in range(100)]
    replies = [
        says({"jingdong_crm_member_scan_responce": {"crm_member_scan_result": {**said, "total_result": 150}}})
        for said in ({"crm_members": page, "scroll_id": "s"}, {"crm_members": page[:50], "scroll_id": "s"})
    ]
    error = failure(reader, *replies, entity="members")
    assert isinstance(error, Retryable)
    assert "100 of 150" in str(error)


def test_the_spurious_failure_is_outlived(company: Sandbox, reader: Reader) -> None:
    calm = reader.rows("orders", TODAY)
    company.fault("jd", "busy", times=2)
    assert reader.rows("orders", TODAY) == calm


def test_a_limit_without_a_time_is_waited_for_longer_each_time_and_then_given_up(reader: Reader) -> None:
    assert isinstance(failure(reader, refusal("2")), Throttled)


# --- windows and pages


def test_orders_are_the_same_however_small_the_windows_are(
    company: Sandbox, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day of more than a page is halved until a part is one answer."""
    before = len(company.journal("jd"))
    whole = reader.rows("orders", HISTORY)
    assert len(company.journal("jd")) - before == len(list(HISTORY.days()))
    monkeypatch.setattr(listings, "_ORDER_PAGE", 2)
    halved = reader.rows("orders", HISTORY)
    assert sorted(row["orderId"] for row in halved) == sorted(row["orderId"] for row in whole)
    assert len(company.journal("jd")) - before > 3 * len(list(HISTORY.days()))


def test_refunds_are_the_same_in_small_pages(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = reader.rows("after_sales", HISTORY)
    assert len(whole) > 3
    monkeypatch.setattr(listings, "_REFUND_PAGE", 1)
    monkeypatch.setattr(listings, "_DAY", timedelta(days=10))
    assert sorted(row["afsRefundId"] for row in reader.rows("after_sales", HISTORY)) == sorted(
        row["afsRefundId"] for row in whole
    )


def test_members_come_in_several_pages(company: Sandbox, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = reader.rows("members", TODAY)
    before = len(company.journal("jd"))
    monkeypatch.setattr(listings, "_MEMBER_PAGE", 7)
    assert reader.rows("members", TODAY) == whole
    assert len(company.journal("jd")) - before == -(-len(whole) // 7)


@pytest.mark.parametrize("entity", ["orders", "after_sales"])
def test_a_window_that_ends_at_a_change_leaves_that_change_to_the_next(
    company: Sandbox, reader: Reader, entity: str
) -> None:
    """JOS includes both ends of a window; ours exclude the end."""
    world, end = company.world, company.clock.end
    if entity == "orders":
        changes = [order.modified(end) for order in chapter.orders(world) if chapter.is_shown(order, end)]
    else:
        changes = [refund.of.decided_at for refund in chapter.refunds(world)]
    at = sorted(change for change in changes if HISTORY.start < change < HISTORY.end)[len(changes) // 3]
    before = [_changed(row) for row in reader.rows(entity, Window(at - timedelta(hours=20), at))]
    after = [_changed(row) for row in reader.rows(entity, Window(at, at + timedelta(hours=20)))]
    assert at not in before
    assert at in after


def _changed(row: Record) -> datetime:
    if "modified" in row:
        return datetime.fromisoformat(row["modified"]).replace(tzinfo=SHANGHAI)
    return datetime.fromtimestamp(row["sameOrderServiceBill"]["approveDate"] / 1000, SHANGHAI)


# --- what is kept


def test_neither_receivers_nor_words_are_kept(company: Sandbox, reader: Reader) -> None:
    told = json.dumps([reader.rows(entity, HISTORY) for entity in ENTITIES], ensure_ascii=False)
    for name in ("consigneeInfo", "orderRemark", "questionDesc", "applyReason", "approveName", "jd_user_id"):
        assert name not in told
    for person in company.world.people:
        assert person.name not in told


def test_amounts_of_refunds_and_members_keep_their_digits(reader: Reader) -> None:
    """Numbers on the wire, texts in raw; whether a refund is yuan or fen is not decided here."""
    assert {type(row["refoundAmount"]) for row in reader.rows("after_sales", HISTORY)} == {str}
    assert listings._as_text({"a": 12.5, "b": 31800, "c": None, "d": "8.00"}, ("a", "b", "c", "d")) == {
        "a": "12.5",
        "b": "31800",
        "d": "8.00",
    }


def test_a_title_with_a_raw_control_character_is_read(reader: Reader) -> None:
    titles = [line["skuName"] for row in reader.rows("orders", HISTORY) for line in row["itemInfoList"]]
    assert any("\x0b" in title for title in titles)


# --- tokens


def test_a_dead_token_is_renewed_once_and_the_next_process_finds_the_new_one(fresh: Sandbox) -> None:
    """The refresh token works once: its successor is kept for all."""
    first = Reader(SOURCE, replace(fresh.connection("jd"), tokens=Kept()))
    calm = first.rows("orders", HISTORY)
    fresh.fault("jd", "token_expired")
    assert first.rows("orders", HISTORY) == calm
    assert Reader(SOURCE, first.where).rows("orders", HISTORY) == calm
    assert sum("refresh_token" in entry["path"] for entry in fresh.journal("jd")) == 1
    assert fresh.connection("jd").extra["refresh_token"] != first.where.extra["refresh_token"]


def test_a_refresh_token_that_is_refused_needs_a_person(fresh: Sandbox) -> None:
    """Somebody renewed the pair elsewhere, and both tokens of the connection are dead."""
    old = fresh.connection("jd")
    platform = fresh.platforms["jd"]
    assert isinstance(platform, Jd)
    platform.tokens.mint()
    with pytest.raises(NeedsPerson, match="refresh token is refused") as error:
        Reader(SOURCE, old).rows("orders", TODAY)
    assert "authorise" in error.value.remedy
    assert not [secret for secret in (old.password, old.extra["refresh_token"]) if secret in str(error.value)]


def test_tokens_are_renewed_at_another_host_unless_the_connection_names_one(
    fresh: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = fresh.connection("jd")
    extra: Mapping[str, Any] = {name: value for name, value in where.extra.items() if name != "oauth_url"}
    with SOURCE.connect(replace(where, extra=extra)) as jos:
        assert jos._oauth._client.base_url.host == "open-oauth.jd.com"
        assert jos._http._client.base_url.host == "127.0.0.1"
