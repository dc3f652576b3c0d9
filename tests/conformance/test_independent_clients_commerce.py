"""Clients that others wrote sign calls to the sandboxes of JD, Pinduoduo and Tmall, and read what ours read.

pyjos signs with the clock of its machine, which it takes to be China's. pdd_sdk knows no call of a shop, and no other
name of a token than TOP's; taobao_open knows no call of a seller. They are given the name and the parameters of one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from quanyu import discovery
from quanyu.contracts import Window
from tests.fixtures.reading import Reader
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox

DAY = date(2026, 11, 20)
DAYS = Window.of_days(DAY - timedelta(days=1), DAY)
MONTH = Window.of_days(DAY - timedelta(days=29), DAY)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(people=120, seed=11, business_date=DAY) as running:
        yield running


@pytest.fixture(autouse=True)
def in_china(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def ours(sandbox: Sandbox, source: str, entity: str, key: str, window: Window = DAYS) -> list[str]:
    rows = Reader(discovery.sources()[source], sandbox.connection(source)).rows(entity, window)
    assert rows, "a window without rows proves nothing"
    return sorted(str(row[key]) for row in rows)


# --- JD


class JdRequest:
    """What pyjos wants to know of a call."""

    def __init__(self, method: str, asked: dict[str, Any]) -> None:
        self.api_method_name = method
        self.api_params = json.dumps(asked)


@pytest.fixture
def jd(sandbox: Sandbox) -> Any:
    from pyjos.client import JdClient

    where = sandbox.connection("jd")
    client = JdClient()
    client.server_url = f"{where.url}/routerjson"
    client.app_key, client.app_secret = where.login, where.password
    client.timeout = (5, 5)
    return client


ASKED_OF_JD = {
    "start_date": f"{DAY} 00:00:00",
    "end_date": f"{DAY} 23:59:59",
    "order_state": "WAIT_SELLER_STOCK_OUT,WAIT_GOODS_RECEIVE_CONFIRM,FINISHED_L,TRADE_CANCELED",
    "optional_fields": "orderId,modified,xid_buyer",
    "page": "1",
    "page_size": "100",
}


def test_pyjos_reads_the_orders_that_our_client_reads(sandbox: Sandbox, jd: Any) -> None:
    """By GET, with blanks in the JSON: signed as sent."""
    where = sandbox.connection("jd")
    answer = jd.execute(JdRequest("jingdong.pop.order.search", ASKED_OF_JD), where.extra["access_token"])
    result = answer["jingdong_pop_order_search_responce"]["searchorderinfo_result"]
    today = Window.of_days(DAY, DAY)
    assert sorted(row["orderId"] for row in result["orderInfoList"]) == ours(sandbox, "jd", "orders", "orderId", today)
    assert {frozenset(row) for row in result["orderInfoList"]} == {frozenset({"orderId", "modified", "xid_buyer"})}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"optional_fields": ""}, "60"),
        ({"end_date": "2027-01-20 00:00:00"}, "61"),
        ({"page_size": "101"}, "61"),
    ],
)
def test_pyjos_is_refused_what_jd_refuses(sandbox: Sandbox, jd: Any, change: dict[str, str], code: str) -> None:
    token = sandbox.connection("jd").extra["access_token"]
    answer = jd.execute(JdRequest("jingdong.pop.order.search", {**ASKED_OF_JD, **change}), token)
    assert answer["error_response"]["code"] == code


def test_pyjos_with_another_secret_or_token_is_told_so(sandbox: Sandbox, jd: Any) -> None:
    request = JdRequest("jingdong.pop.order.search", ASKED_OF_JD)
    assert jd.execute(request, "somebody's")["error_response"]["code"] == "19"
    assert jd.execute(request)["error_response"]["code"] == "18"
    jd.app_secret = "another"
    assert jd.execute(request, sandbox.connection("jd").extra["access_token"])["error_response"]["code"] == "12"


# --- Pinduoduo


def pdd_request(sandbox: Sandbox, secret: str, **asked: Any) -> Any:
    import pdd_sdk
    from pdd_sdk.api.base import RestApi

    class Request(RestApi):
        def getapiname(self) -> str:
            return "pdd.order.number.list.increment.get"

    where = sandbox.connection("pinduoduo")
    address = urlsplit(where.url)
    request = Request(address.hostname, address.port)
    request.set_app_info(pdd_sdk.appinfo(where.login, secret))
    for name, value in asked.items():
        setattr(request, name, value)
    return request


def test_pdd_sdk_reads_the_orders_that_our_client_reads(sandbox: Sandbox) -> None:
    """In half hours, system parameters in the query and the others in the body."""
    where = sandbox.connection("pinduoduo")
    found: list[str] = []
    for part in DAYS.split(timedelta(minutes=30)):
        request = pdd_request(
            sandbox,
            where.password,
            start_updated_at=int(part.start.timestamp()),
            end_updated_at=int(part.end.timestamp()) - 1,
            order_status=5,
            refund_status=5,
            is_lucky_flag=0,
            page=1,
            page_size=100,
            access_token=where.extra["access_token"],
        )
        answer = request.getResponse()["order_sn_increment_get_response"]
        assert answer["total_count"] == len(answer["order_sn_list"])
        found += [row["order_sn"] for row in answer["order_sn_list"]]
    assert sorted(found) == ours(sandbox, "pinduoduo", "orders", "order_sn")


def test_pdd_sdk_with_another_secret_is_refused(sandbox: Sandbox) -> None:
    from pdd_sdk.api.base import DdkException

    request = pdd_request(sandbox, "another", access_token=sandbox.connection("pinduoduo").extra["access_token"])
    with pytest.raises(DdkException) as refused:
        request.getResponse()
    assert refused.value.submsg == "签名sign校验失败"


# --- Tmall


def top_request(sandbox: Sandbox, secret: str, method: str, **asked: Any) -> Any:
    import taobao_open
    from taobao_open.api.base import RestApi

    class Request(RestApi):
        def getapiname(self) -> str:
            return method

    where = sandbox.connection("tmall")
    address = urlsplit(where.url)
    request = Request(address.hostname, address.port)
    request.set_app_info(taobao_open.appinfo(where.login, secret))
    for name, value in asked.items():
        setattr(request, name, value)
    return request


def test_taobao_open_reads_the_refunds_that_our_client_reads(sandbox: Sandbox) -> None:
    """Its timestamp is in milliseconds, its signature MD5."""
    where = sandbox.connection("tmall")
    request = top_request(
        sandbox,
        where.password,
        "taobao.refunds.receive.get",
        fields="refund_id,modified",
        start_modified=f"{MONTH.start:%Y-%m-%d %H:%M:%S}",
        end_modified=f"{MONTH.end - timedelta(seconds=1):%Y-%m-%d %H:%M:%S}",
        page_no=1,
        page_size=100,
    )
    answer = request.getResponse(where.extra["session"])["refunds_receive_get_response"]
    assert answer["total_results"] == len(answer["refunds"]["refund"])
    assert sorted(row["refund_id"] for row in answer["refunds"]["refund"]) == ours(
        sandbox, "tmall", "refunds", "refund_id", MONTH
    )


def test_taobao_open_with_another_secret_or_session_is_told_so(sandbox: Sandbox) -> None:
    from taobao_open.api.base import TopException

    where = sandbox.connection("tmall")
    for secret, session, code in (("another", where.extra["session"], 25), (where.password, "somebody's", 27)):
        request = top_request(sandbox, secret, "taobao.refunds.receive.get", fields="refund_id")
        with pytest.raises(TopException) as refused:
            request.getResponse(session)
        assert refused.value.errorcode == code
