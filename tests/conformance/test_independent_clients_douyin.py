"""A client that others wrote drives the sandbox of the Douyin shop: PyPI doudian signs, mints, reads and refreshes.

It writes `timestamp` as the wall clock of its machine, and knows only the fields of the older envelope.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from quanyu.contracts import Window
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox
from tests.sandbox.world.systems import douyin_shop as chapter

DAY = date(2026, 11, 20)
HISTORY = Window.of_days(DAY - timedelta(days=30), DAY)
VECTORS = json.loads((Path(__file__).parents[1] / "fixtures" / "vectors_douyin_shop.json").read_text("utf-8"))
PUSHES = [vector for vector in VECTORS if vector["algorithm"] == "push_event_sign_md5"]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(people=60, seed=11, business_date=DAY) as running:
        yield running


@pytest.fixture
def shop(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of the shop's own app, in China."""
    from doudian import DouDian
    from doudian.type import AppType

    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    where = sandbox.connection("douyin_shop")
    # As an app of the shop's own it would call the real gateway while it is made.
    client = DouDian(where.login, where.password, app_type=AppType.TOOL)
    client._gate_way, client._app_type, client._shop_id = where.url, AppType.SELF, int(where.extra["shop_id"])
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    yield client
    monkeypatch.undo()
    time.tzset()


def asked(page: int, size: int) -> dict[str, Any]:
    start, end = (int(at.timestamp()) for at in (HISTORY.start, HISTORY.end))
    times = {"update_time_start": start, "update_time_end": end}
    return {**times, "order_by": "update_time", "order_asc": True, "page": page, "size": size}


def test_doudian_mints_a_token_and_reads_the_orders_page_by_page(sandbox: Sandbox, shop: Any) -> None:
    """Pages count from 0; its signature passes, and the older fields tell it that all is well."""
    assert shop.init_token()
    first = shop.request("/order/searchList", asked(0, 10))
    assert first["err_no"] == 0
    found = list(first["data"]["shop_order_list"])
    for page in range(1, -(-first["data"]["total"] // 10)):
        found += shop.request("/order/searchList", asked(page, 10))["data"]["shop_order_list"]
    end = sandbox.clock.end
    there = [order for order in chapter.orders(sandbox.world) if order.exists(end)]
    expected = [order for order in there if HISTORY.start <= order.modified(end) < HISTORY.end]
    assert {row["order_id"] for row in found} == {chapter.order_id(order) for order in expected}
    assert [row["update_time"] for row in found] == sorted(row["update_time"] for row in found)
    assert len(found) > 10


def test_doudian_refreshes_its_pair(shop: Any) -> None:
    assert shop.init_token()
    shop._token["expires_in"] = int(time.time()) + 60
    assert shop.request("/order/searchList", asked(0, 1))["err_no"] == 0
    assert shop._token["expires_in"] > int(time.time()) + 86400


def test_a_signature_of_another_secret_does_not_pass(shop: Any) -> None:
    shop._app_secret = "mistyped"
    assert not shop.init_token()


@pytest.mark.parametrize("vector", PUSHES, ids=lambda vector: vector["expected"][:6])
def test_doudian_takes_a_push_that_is_signed_as_the_vector_says(vector: dict[str, Any]) -> None:
    """The web tier that receives pushes checks `event-sign`; this is what it must compute."""
    from doudian import DouDian
    from doudian.type import AppType

    app, body = vector["params"]["app_id"], vector["params"]["body"]
    client = DouDian(app, vector["secret"], app_type=AppType.TOOL)
    headers = {"app-id": app, "event-sign": vector["expected"]}
    assert client.callback(headers, body.encode()) == json.loads(body)
    assert client.callback(headers, body.replace("100", "101").encode()) is None
