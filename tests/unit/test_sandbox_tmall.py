"""The fake TOP gateway behaves as the contract says, seen through a client written by hand."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from quanyu.contracts import SHANGHAI
from quanyu.settings import utc_now
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox
from tests.sandbox.top import signature

VECTORS = json.loads((Path(__file__).parents[1] / "fixtures" / "signing_vectors_commerce.json").read_text("utf-8"))
DAY = date(2026, 11, 20)
TRADES = "taobao.trades.sold.increment.get"
REFUNDS = "taobao.refunds.receive.get"
MEMBERS = "taobao.crm.members.increment.get.privy"
ALL_TYPES = "guarantee_trade,auto_delivery,ec,cod,step,fixed,tmall_i18n,eticket,nopaid"
FIELDS = "tid,type,status,payment,post_fee,created,modified,buyer_open_uid,orders"


class Top:
    """Signs and posts; `raw` is the last body."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._connection = sandbox.connection("tmall")
        self._http = httpx.Client(base_url=self._connection.url)
        self.raw = b""

    def call(self, method: str, *, tamper: bool = False, in_query: bool = False, **params: Any) -> dict[str, Any]:
        common: dict[str, Any] = {
            "method": method,
            "app_key": self._connection.login,
            "session": self._connection.extra["session"],
            "timestamp": f"{utc_now().astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}",
            "format": "json",
            "v": "2.0",
            "sign_method": "hmac-sha256",
        }
        sent = {k: str(v) for k, v in {**common, **params}.items() if v is not None}
        sent["sign"] = self._sign(sent)
        if tamper:
            sent["fields"] += " "
        query = {k: sent.pop(k) for k in list(sent) if in_query and k in {*common, "sign"}}
        answer = self._http.post("/router/rest", params=query, data=sent)
        assert answer.status_code == 200
        self.raw = answer.content
        return json.loads(answer.content, strict=False) if sent.get("format", query.get("format")) == "json" else {}

    def _sign(self, params: dict[str, str]) -> str:
        text = "".join(k + params[k] for k in sorted(params) if params[k])
        secret = self._connection.password
        if params["sign_method"] == "md5":
            return hashlib.md5((secret + text + secret).encode()).hexdigest().upper()
        algorithm = {"hmac": "md5", "hmac-sha256": "sha256"}[params["sign_method"]]
        return hmac.new(secret.encode(), text.encode(), algorithm).hexdigest().upper()

    def error(self, method: str, **params: Any) -> dict[str, Any]:
        return self.call(method, **params)["error_response"]

    def trades(self, page_no: int = 1, *, day: date = DAY, **params: Any) -> dict[str, Any]:
        asked = {"fields": FIELDS, "type": ALL_TYPES, "page_no": page_no, **_window(day), **params}
        return self.call(TRADES, **asked)["trades_sold_increment_get_response"]

    def all_trades(self, day: date = DAY, **params: Any) -> list[dict[str, Any]]:
        return _rows(self.trades(day=day, page_size=100, **params))


def _window(day: date) -> dict[str, str]:
    return {"start_modified": f"{day} 00:00:00", "end_modified": f"{day + timedelta(days=1)} 00:00:00"}


def _rows(answer: dict[str, Any], outer: str = "trades", inner: str = "trade") -> list[dict[str, Any]]:
    return answer.get(outer, {}).get(inner, [])


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    with running_sandbox(people=800, seed=7, business_date=DAY) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared: Sandbox) -> Iterator[Sandbox]:
    yield shared
    shared.clear()


@pytest.fixture
def top(sandbox: Sandbox) -> Top:
    return Top(sandbox)


@pytest.mark.parametrize("vector", [v for v in VECTORS if "sign_method" in v["params"]], ids=lambda v: v["algorithm"])
def test_signatures_equal_the_published_vectors(vector: dict[str, Any]) -> None:
    assert signature(vector["params"], vector["secret"]) == vector["expected"]


@pytest.mark.parametrize("method", ["md5", "hmac", "hmac-sha256"])
def test_every_sign_method_is_accepted_and_a_changed_byte_refused(top: Top, method: str) -> None:
    assert "error_response" not in top.call(TRADES, fields="tid", sign_method=method, **_window(DAY))
    answer = top.call(TRADES, fields="tid", sign_method=method, tamper=True, **_window(DAY))
    assert answer["error_response"]["code"] == 25


def test_the_signature_covers_the_received_bytes(top: Top) -> None:
    """Chinese, reserved characters and empty values are signed as they are; changed after signing they are code 25."""
    asked = {"fields": "tid", "status": "", "tag": "测试 买家&+", **_window(DAY)}
    assert "error_response" not in top.call(TRADES, **asked)
    assert top.error(TRADES, tamper=True, **asked)["code"] == 25


def test_system_parameters_may_sit_in_the_query_string(top: Top) -> None:
    assert "error_response" not in top.call(TRADES, fields="tid", in_query=True, **_window(DAY))


def test_a_clock_ten_minutes_off_is_refused_and_epoch_milliseconds_are_taken(top: Top) -> None:
    late = utc_now().astimezone(SHANGHAI) - timedelta(minutes=11)
    assert top.error(TRADES, fields="tid", timestamp=f"{late:%Y-%m-%d %H:%M:%S}", **_window(DAY))["code"] == 31
    millis = int(utc_now().timestamp() * 1000)
    assert "error_response" not in top.call(TRADES, fields="tid", timestamp=millis, **_window(DAY))


def test_sessions_are_needed_and_die(sandbox: Sandbox, top: Top) -> None:
    assert top.error(TRADES, session=None)["code"] == 26
    assert top.error(TRADES, session="6100stolen")["code"] == 27
    sandbox.fault("tmall", "token_expired")
    assert top.error(TRADES, fields="tid", **_window(DAY))["sub_code"] == "session-expired"
    with running_sandbox(people=20, business_date=DAY) as aged:
        aged.clock.elapse(366 * 86400)
        stamp = f"{aged.clock.now().astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
        assert Top(aged).error(TRADES, fields="tid", timestamp=stamp, **_window(DAY))["code"] == 27


def test_windows_beyond_a_day_and_pages_beyond_a_hundred_are_refused(top: Top) -> None:
    wide = {"start_modified": "2026-11-20 00:00:00", "end_modified": "2026-11-21 00:00:01"}
    assert top.error(TRADES, fields="tid", **wide)["sub_code"] == "isv.invalid-parameter"
    for page_size in (0, 101):
        assert top.error(TRADES, fields="tid", page_size=page_size, **_window(DAY))["code"] == 15
    assert top.error(TRADES, **_window(DAY))["code"] == 40
    assert top.error("taobao.trade.teleport")["code"] == 22


def test_pages_are_newest_first_and_together_complete(top: Top) -> None:
    first = top.trades(page_size=5)
    total = first["total_results"]
    assert total > 10
    assert "has_next" not in first
    pages = [top.trades(n, page_size=5, use_has_next="true") for n in range(1, total // 5 + 2)]
    assert all("total_results" not in page for page in pages)
    assert [page["has_next"] for page in pages] == [n * 5 < total for n in range(1, len(pages) + 1)]
    rows = [row for page in pages for row in _rows(page)]
    assert len({row["tid"] for row in rows}) == total
    assert [row["modified"] for row in rows] == sorted((row["modified"] for row in rows), reverse=True)


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_an_order_updated_while_reading_costs_the_forward_reader_a_row(direction: str) -> None:
    with running_sandbox(people=800, seed=7, business_date=DAY) as sandbox:
        top = Top(sandbox)
        before = [row["tid"] for row in top.all_trades()]
        pages = -(-len(before) // 5)
        sandbox.fault("tmall", "shift", after=1)
        seen = {row["tid"] for row in _rows(top.trades(page_size=5))}
        order = range(2, pages + 1) if direction == "forward" else range(pages, 0, -1)
        for number in order:
            seen |= {row["tid"] for row in _rows(top.trades(number, page_size=5, use_has_next="true"))}
        lost = [tid for tid in before if tid not in seen]
        assert lost == ([before[5]] if direction == "forward" else [])
        sandbox.advance_to(DAY + timedelta(days=1))
        assert before[0] in {row["tid"] for row in top.all_trades(DAY + timedelta(days=1))}


def test_throttles_and_platform_errors_use_the_platforms_own_words(sandbox: Sandbox, top: Top) -> None:
    sandbox.fault("tmall", "throttle", match=TRADES)
    assert "error_response" not in top.call(MEMBERS, start_modify="2026-11-20 00:00:00", current_page=1)
    error = top.error(TRADES, fields="tid", **_window(DAY))
    assert {k: v for k, v in error.items() if k != "request_id"} == {
        "code": 7,
        "msg": "App Call Limited",
        "sub_code": "accesscontrol.limited-by-app-api-access-count",
        "sub_msg": "This ban will last for 2 more seconds",
    }
    sandbox.fault("tmall", "isp_error")
    assert top.error(TRADES, fields="tid", **_window(DAY))["sub_code"].startswith("isp.")
    assert "error_response" not in top.call(TRADES, fields="tid", **_window(DAY))


def test_an_empty_list_is_missing_or_empty_by_turns(top: Top) -> None:
    asked = [top.trades(buyer_open_uid="nobody") for _ in range(4)]
    assert sorted(repr(page.get("trades", "missing")) for page in asked) == ["'missing'", "'missing'", "{}", "{}"]


def test_types_beyond_the_default_must_be_asked_for(top: Top) -> None:
    everything = {row["tid"]: row["type"] for row in top.all_trades()}
    by_default = {row["tid"] for row in top.all_trades(type=None)}
    assert by_default == {tid for tid, kind in everything.items() if kind in {"guarantee_trade", "step", "ec"}}
    assert by_default < everything.keys()


def test_ids_do_not_fit_a_float_and_some_title_holds_a_raw_control_character(top: Top) -> None:
    raw = b""
    for back in range(31):
        rows = top.all_trades(DAY - timedelta(days=back))
        assert all(int(float(row["tid"])) != row["tid"] for row in rows)
        raw = raw or (top.raw if b"\x0b" in top.raw else b"")
    with pytest.raises(json.JSONDecodeError, match="Invalid control character"):
        json.loads(raw)
    assert json.loads(raw, strict=False)


def test_only_asked_fields_come_and_personal_ones_are_masked(top: Top) -> None:
    (row, *_) = top.all_trades(fields="tid,receiver_name,receiver_mobile,buyer_nick,receiver_state")
    assert row.keys() == {"tid", "receiver_name", "receiver_mobile", "buyer_nick", "receiver_state"}
    assert (row["receiver_name"], row["receiver_mobile"], row["buyer_nick"]) == ("张**", "*******5552", "t**")


def test_money_adds_up_in_yuan_strings(top: Top) -> None:
    for row in top.all_trades():
        lines = row["orders"]["order"]
        cents = [round(float(line["divide_order_fee"]) * 100) for line in lines]
        assert isinstance(row["payment"], str)
        assert round(float(row["payment"]) * 100) == sum(cents) + round(float(row["post_fee"]) * 100)
        if len(lines) == 1:
            assert lines[0]["payment"] == row["payment"]


def test_refunds_come_days_after_the_order_and_name_the_buyer_twice(sandbox: Sandbox, top: Top) -> None:
    window = {"start_modified": "2026-10-21 00:00:00", "end_modified": "2026-11-21 00:00:00"}
    fields = "refund_id,tid,oid,ouid,buyer_open_uid,refund_fee,status,created,modified"
    answer = top.call(REFUNDS, fields=fields, page_size=100, **window)["refunds_receive_get_response"]
    rows = _rows(answer, "refunds", "refund")
    trades = sandbox.world.trade_of
    assert len(rows) > 10
    assert {row["status"] for row in rows} >= {"SUCCESS", "CLOSED"}
    assert all(isinstance(row["refund_id"], str) and isinstance(row["oid"], int) for row in rows)
    for row in rows:
        trade = trades[row["tid"]]
        assert (row["ouid"], row["buyer_open_uid"]) == (trade.ouid, trade.buyer_open_uid)
        assert date.fromisoformat(row["created"][:10]) > trade.created_at.date()


def test_members_name_their_last_trade_and_pages_end_empty(sandbox: Sandbox, top: Top) -> None:
    asked = {"start_modify": "2026-10-21 00:00:00", "end_modify": "2026-11-21 00:00:00", "page_size": 50}
    rows: list[dict[str, Any]] = []
    for number in range(1, 100):
        answer = top.call(MEMBERS, current_page=number, **asked)["crm_members_increment_get_privy_response"]
        page = _rows(answer, "members", "basic_member")
        rows += page
        if not page:
            break
    assert len(rows) == answer["total_result"] == len({row["ouid"] for row in rows})
    assert all("buyer_nick" not in row for row in rows)
    linked = [row for row in rows if "biz_order_id" in row]
    assert all(sandbox.world.trade_of[row["biz_order_id"]].ouid == row["ouid"] for row in linked)
    assert 0 < len(linked) < len(rows)


def test_an_order_lives_on_and_leaves_yesterdays_window() -> None:
    with running_sandbox(people=800, seed=7, business_date=DAY) as sandbox:
        top = Top(sandbox)
        before = {row["tid"]: row["status"] for row in top.all_trades()}
        sandbox.advance_to(DAY + timedelta(days=1))
        after = {row["tid"]: row["status"] for row in top.all_trades(DAY + timedelta(days=1))}
        still = {row["tid"] for row in top.all_trades()}
        moved = before.keys() & after.keys()
        assert moved
        assert not moved & still
        assert any(before[tid] != after[tid] for tid in moved)


def test_without_a_format_the_answer_is_xml(top: Top) -> None:
    top.call(TRADES, fields="tid", format=None, **_window(DAY))
    assert top.raw.startswith(b"<?xml")


def test_schema_drift_adds_a_field_or_changes_a_type(sandbox: Sandbox, top: Top) -> None:
    sandbox.fault("tmall", "unknown_column", match=TRADES)
    assert all("x_new_field" in row for row in top.all_trades())
    sandbox.fault("tmall", "changed_type", match=TRADES)
    assert all(isinstance(row["payment"], float) for row in top.all_trades())
    assert all(isinstance(row["payment"], str) and "x_new_field" not in row for row in top.all_trades())
