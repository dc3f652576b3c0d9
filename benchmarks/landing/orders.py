"""A million orders as pages of JSON on disk, and the server that hands them out: a process of its own."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec
import numpy as np
import psutil

PER_CUSTOMER = 20
"""Orders of a customer: of a million orders, fifty thousand people."""

_SEED = 7
_NAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"


@dataclass(frozen=True)
class Pages:
    """Where the pages lie, and where each begins in the file."""

    path: Path
    starts: tuple[int, ...]
    rows: int
    size: int

    def __iter__(self) -> Iterator[bytes]:
        """Every page, first to last."""
        with self.path.open("rb") as file:
            for start, end in zip(self.starts, self.starts[1:], strict=False):
                yield file.read(end - start)


def write(path: Path, rows: int, size: int, per_customer: int = PER_CUSTOMER) -> Pages:
    """Write `rows` orders as pages of `size`, the same bytes each time; one per customer: all are strangers."""
    random = np.random.default_rng(_SEED)
    customers = max(1, rows // per_customer)
    starts = [0]
    with path.open("wb") as file:
        for first in range(0, rows, size):
            numbers = range(first, min(first + size, rows))
            articles = random.integers(500, size=len(numbers)).tolist()
            buyers = random.integers(customers, size=len(numbers)).tolist() if per_customer > 1 else numbers
            orders = [_order(*drawn) for drawn in zip(numbers, buyers, articles, strict=True)]
            file.write(msgspec.json.encode({"total": rows, "orders": orders}))
            starts.append(file.tell())
    return Pages(path, tuple(starts), rows, size)


def _order(number: int, customer: int, article: int) -> dict[str, object]:
    """An order in the shape of a marketplace's: some thirty fields, one or two lines, a phone and a name."""
    lines = [_line(number, place, article + place) for place in range(1 + (number % 10 < 3))]
    moment = f"2026-11-20 {number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}"
    return {
        "tid": 2_604_615_437_261_148_287 + 2 * number,
        "status": "TRADE_FINISHED",
        "type": "fixed",
        "payment": f"{len(lines) * 220}.07",
        "post_fee": "0.00",
        "created": moment,
        "pay_time": moment,
        "modified": moment,
        "buyer_open_uid": f"AAHd5d-HAAeGwJedwSHpg{customer:08d}",
        "receiver_state": "浙江省",
        "receiver_city": "杭州市",
        "receiver_district": "余杭区",
        "receiver_name": _NAMES[customer % 20] + _NAMES[customer // 20 % 20] + _NAMES[customer // 400 % 20],
        "receiver_mobile": f"138{customer:08d}",
        "retail_store_code": None,
        "orders": {"order": lines},
    }


def _line(number: int, place: int, article: int) -> dict[str, object]:
    return {
        "oid": 2_604_615_437_261_148_287 + 2 * number + place,
        "status": "TRADE_FINISHED",
        "refund_status": "NO_REFUND",
        "sku_id": str(4_812_345_678_901 + article),
        "outer_sku_id": f"SKU{article}",
        "title": "全域 婴儿配方奶粉 1段 800g",
        "num": 1,
        "price": "220.07",
        "divide_order_fee": "220.07",
    }


@dataclass(frozen=True)
class Shop:
    """A platform that runs."""

    url: str
    pid: int

    def cpu_seconds(self) -> float:
        """What it used so far, of the same cores."""
        times = psutil.Process(self.pid).cpu_times()
        return float(times.user + times.system)


@contextmanager
def served(pages: Pages) -> Iterator[Shop]:
    """Serve the pages from another process, which shares the machine's cores."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, pages), daemon=True)
    process.start()
    try:
        assert process.pid is not None  # noqa: S101  # it was started
        yield Shop(f"http://127.0.0.1:{ours.recv()}", process.pid)
    finally:
        process.terminate()
        process.join()


def _serve(pipe: Pipe, pages: Pages) -> None:
    content = pages.path.open("rb")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            number = int(parse_qs(urlsplit(self.path).query)["page"][0])
            content.seek(pages.starts[number - 1])
            body = content.read(pages.starts[number] - pages.starts[number - 1])
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            self.wfile.write(head.encode() + body)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        pipe.send(server.server_address[1])
        server.serve_forever()


def parsed(pages: Pages, limit: int) -> list[dict[str, object]]:
    """The first `limit` orders as the rivals take them: ready in memory, parsing not counted."""
    found: list[dict[str, object]] = []
    for page in pages:
        found += json.loads(page)["orders"]
        if len(found) >= limit:
            break
    return found[:limit]
