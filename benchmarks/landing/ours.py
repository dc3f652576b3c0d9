"""Ours: a source over real HTTP, through `landing.land` and `landing.admit`, as every night does it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

from quanyu import gates, landing, warehouse
from quanyu.contracts import Connection, Entity, Mode, Page, Personal, Record, Source, Window
from quanyu.paging import numbered
from quanyu.transport import Http, json_of
from quanyu.vault import Vault

DAY = date(2026, 11, 20)
TABLE = "shop__orders"

_PEN = f"landing.{TABLE}"
_FIELDS = {
    "tid": "integer",
    **dict.fromkeys(("status", "type", "payment", "post_fee", "created", "modified", "buyer_open_uid"), "text"),
    **dict.fromkeys(
        ("pay_time", "receiver_state", "receiver_city", "receiver_district", "receiver_name", "receiver_mobile"),
        "text?",
    ),
    "retail_store_code": "text?",
    "orders.order[].oid": "integer",
    "orders.order[].num": "integer",
    **{
        f"orders.order[].{name}": "text"
        for name in ("status", "refund_status", "sku_id", "outer_sku_id", "title", "price", "divide_order_fee")
    },
}


def land(url: str, dsn: str, size: int) -> dict[str, float]:
    """Read every page into an empty warehouse; seconds until the pen holds the rows, and until raw does."""
    with warehouse.connect(dsn) as connection:
        connection.execute(f"drop table if exists raw.{TABLE}, {_PEN}")
        connection.execute("truncate vault.secret, vault.alias, vault.alias_progress, ops.entity_load cascade")
    return _night(url, dsn, size, DAY)


def land_again(url: str, dsn: str, size: int) -> dict[str, float]:
    """The night after, on which the platform shows the same orders: each is looked up, none is written."""
    return _night(url, dsn, size, DAY + timedelta(days=1))


def _night(url: str, dsn: str, size: int, day: date) -> dict[str, float]:
    source = _source(size)
    where = Connection(name="shop", url=url, extra={"account": "shop-1", "requests_per_second": 1_000_000})
    began = time.perf_counter()
    landing.land(source, source.entities[0], where, day, dsn=dsn, vault=Vault(bytes(32)), history_days=0)
    landed = time.perf_counter()
    with warehouse.connect(dsn) as connection:
        # The gate is measured apart; admission waits for its word.
        connection.execute(
            """insert into ops.gate_result (business_date, gate, relation, expectation, severity, is_met, reason)
            values (%s, 'raw', %s, 'measured apart', 'fail', true, 'measured apart')""",
            [day, _PEN],
        )
    began_to_admit = time.perf_counter()
    landing.admit(dsn, day, "shop")
    return {"land": landed - began, "admit": time.perf_counter() - began_to_admit}


def gate(dsn: str) -> dict[str, float]:
    """The raw gate over the pen as it is: the import of Great Expectations, which a night pays once, and the checks."""
    began = time.perf_counter()
    import great_expectations  # noqa: F401

    imported = time.perf_counter()
    gates.check(dsn, "raw", DAY, {_PEN: _PEN})
    return {"import": imported - began, "check": time.perf_counter() - imported}


def _source(size: int) -> Source:
    def read(client: Http, _window: Window) -> Iterator[Page]:
        def fetch(number: int) -> tuple[list[Record], int]:
            body = json_of(client.request("GET", "/orders", params={"page": number}))
            return body["orders"], body["total"]

        yield from (Page(rows) for rows in numbered("shop.orders", fetch, size=size))

    @contextmanager
    def connect(where: Connection) -> Iterator[Http]:
        with Http.of(where) as http:
            yield http

    entity = Entity(
        name="orders",
        key=("tid",),
        mode=Mode.INCREMENT,
        version="modified",
        fields=_FIELDS,
        personal={"receiver_mobile": Personal.PHONE, "receiver_name": Personal.NAME},
        read=read,
    )
    return Source(name="shop", about="Orders of a benchmark.", entities=(entity,), connect=connect)
