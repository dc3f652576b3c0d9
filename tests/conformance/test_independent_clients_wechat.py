"""Clients that others wrote drive the sandboxes of WeChat Pay, the mini program, the store and the video channel.

wechatpy knows the mini program's reports and the channels' API only by its generic `post`, its tokens are its own.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from quanyu.sources.wechat_pay import bill
from tests.conformance.test_independent_clients import Detour
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox
from tests.sandbox.world.systems import mini_program, video_channel, wechat_pay, wechat_store

DAY = date(2026, 11, 20)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(people=60, seed=11, business_date=DAY) as running:
        yield running


@pytest.fixture
def merchant(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A wechatpayv3 client of the merchant."""
    from wechatpayv3 import WeChatPay, WeChatPayType

    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    where = sandbox.connection("wechat_pay")
    client = WeChatPay(
        wechatpay_type=WeChatPayType.JSAPI,
        mchid=where.login,
        private_key=where.password,
        cert_serial_no=where.extra["serial_no"],
        appid="wx",
        apiv3_key="0" * 32,
        public_key=where.extra["platform_public_key"],
        public_key_id=where.extra["platform_public_key_id"],
    )
    client._core._gate_way = where.url
    return client


def wechat(sandbox: Sandbox, name: str) -> Any:
    """A wechatpy client of one app."""
    from wechatpy import WeChatClient

    where = sandbox.connection(name)
    client = WeChatClient(where.login, where.password)
    client._http.mount("https://", Detour(where.url))
    return client


def call(client: Any, path: str, **asked: Any) -> Any:
    return client.post(f"https://api.weixin.qq.com{path}", data=asked)


def test_wechatpayv3_applies_for_a_bill_verifies_the_answer_and_downloads_it(sandbox: Sandbox, merchant: Any) -> None:
    """Its signature passes, ours of the platform passes its check, and the text is one that our reader takes."""
    status, answer = merchant.trade_bill(bill_date=str(DAY))
    assert status == 200
    announced = json.loads(answer)
    status, zipped = merchant.download_bill(announced["download_url"])
    assert status == 200
    text = gzip.decompress(zipped)
    assert hashlib.sha1(text).hexdigest() == announced["hash_value"]
    paid = [one for one in wechat_pay.movements(sandbox.world) if one.at.date() == DAY]
    assert {row["transaction_id"] for row in bill.rows(text.decode())} == {one.transaction_id for one in paid}
    assert len(paid) > 1


def test_wechatpayv3_gets_refusals_with_their_codes(sandbox: Sandbox, merchant: Any) -> None:
    """A day without payments, a bill that is being made, a date that is none, a foreign key."""
    busy = {one.at.date() for one in wechat_pay.movements(sandbox.world)}
    quiet = next(DAY - timedelta(days=n) for n in range(30) if DAY - timedelta(days=n) not in busy)
    sandbox.fault("wechat_pay", "not_ready")
    for day, expected in (
        (DAY, (400, "STATEMENT_CREATING")),
        (quiet, (400, "NO_STATEMENT_EXIST")),
        (DAY + timedelta(days=1), (400, "INVALID_REQUEST")),
        ("20261120x", (400, "PARAM_ERROR")),
    ):
        status, answer = merchant.trade_bill(bill_date=str(day))
        assert (status, json.loads(answer)["code"]) == expected
    merchant._core._cert_serial_no = "0" * 40
    status, answer = merchant.trade_bill(bill_date=str(DAY))
    assert (status, json.loads(answer)["code"]) == (401, "SIGN_ERROR")


def test_wechatpy_reads_the_mini_programs_day(sandbox: Sandbox) -> None:
    from wechatpy.exceptions import WeChatClientException

    client = wechat(sandbox, "mini_program")
    path = "/datacube/getweanalysisappiddailyvisittrend"
    day = DAY - timedelta(days=5)
    told = call(client, path, begin_date=f"{day:%Y%m%d}", end_date=f"{day:%Y%m%d}")["list"]
    settled = next(one for one in mini_program.days(sandbox.world) if one.day == day)
    assert [(row["ref_date"], row["visit_uv"]) for row in told] == [(f"{day:%Y%m%d}", settled.uv)]
    for begin, end, code in (("2026-11-15", "2026-11-15", 61500), ("20261114", "20261115", 61501)):
        with pytest.raises(WeChatClientException) as refused:
            call(client, path, begin_date=begin, end_date=end)
        assert refused.value.errcode == code


def test_wechatpy_walks_the_stores_orders_by_cursor(sandbox: Sandbox) -> None:
    client = wechat(sandbox, "wechat_store")
    end = int(sandbox.clock.end.timestamp())
    ids: list[str] = []
    cursor, more = "", True
    while more:
        span = {"start_time": end - 7 * 86400, "end_time": end}
        page = call(client, "/channels/ec/order/list/get", update_time_range=span, page_size=2, next_key=cursor)
        ids += page["order_id_list"]
        cursor, more = page["next_key"], page["has_more"]
    there = {
        str(wechat_store.order_id(order))
        for order in wechat_store.orders(sandbox.world)
        if order.exists(sandbox.clock.end)
        and order.modified(sandbox.clock.end) >= sandbox.clock.end - timedelta(days=7)
    }
    assert len(ids) == len(set(ids))
    assert set(ids) == there
    row = call(client, "/channels/ec/order/get", order_id=ids[0])["order"]
    assert "*" in row["order_detail"]["delivery_info"]["address_info"]["tel_number"]


def test_wechatpy_refreshes_the_channels_token_and_reads_its_forms(sandbox: Sandbox) -> None:
    client = wechat(sandbox, "video_channel")
    first = client.access_token
    wechat(sandbox, "video_channel").fetch_access_token()
    forms = call(client, "/channels/leads/get_leads_component_id", last_buffer="")["item"]
    assert [form["leads_component_id"] for form in forms] == [name for name, _ in video_channel.COMPONENTS]
    assert client.access_token != first
