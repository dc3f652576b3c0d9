"""A source in memory and a gate that always holds, for tests of what happens between a source and raw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from quanyu import landing, warehouse
from quanyu.contracts import Connection, Entity, Mode, Page, Record, Source, Window
from quanyu.vault import Vault

D = date(2026, 11, 20)
VAULT = Vault(bytes(range(32)))
SHOP = Connection(name="shop", url="http://127.0.0.1:9", login="key", extra={"account": "shop-1"})


class Shop:
    """A source of one entity whose pages a test changes from night to night; it remembers the windows asked for."""

    def __init__(self, mode: Mode = Mode.INCREMENT, **declared: Any) -> None:
        self.pages: Sequence[Page | Exception] = ()
        self.windows: list[Window] = []
        declared = {"key": ("id",), "fields": {"id": "integer", "amount": "text?"}} | declared
        self.entity = Entity(name="rows", mode=mode, read=self._read, **declared)
        self.source = Source(name="shop", about="A shop.", entities=(self.entity,), connect=self._connect)

    def holds(self, *records: Record) -> Shop:
        """Serve these records, all on one page."""
        self.pages = [Page(records)]
        return self

    @contextmanager
    def _connect(self, where: Connection) -> Iterator[Shop]:
        yield self

    def _read(self, client: Shop, window: Window) -> Iterator[Page]:
        self.windows.append(window)
        for page in self.pages:
            if isinstance(page, Exception):
                raise page
            yield page

    def land(self, dsn: str, day: date = D, *, history_days: int = 30) -> int:
        """Read into the pen."""
        return landing.land(self.source, self.entity, SHOP, day, dsn=dsn, vault=VAULT, history_days=history_days)

    def night(self, dsn: str, day: date = D) -> None:
        """Land, let the gate hold, admit."""
        self.land(dsn, day)
        gate(dsn, day)
        landing.admit(dsn, day, "shop")


def gate(dsn: str, day: date = D, *, is_met: bool = True, severity: str = "fail") -> None:
    """Enter what the raw gate would have written about the pen."""
    with warehouse.connect(dsn) as connection:
        connection.execute(
            """insert into ops.gate_result (business_date, gate, relation, expectation, severity, is_met, reason)
            values (%s, 'raw', 'landing.shop__rows', 'expect_something', %s, %s, 'something holds')""",
            [day, severity, is_met],
        )


def rows(dsn: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """What a query answers."""
    with warehouse.connect(dsn) as connection:
        return connection.execute(statement, list(values)).fetchall()


def raw(dsn: str, *columns: str) -> list[tuple[Any, ...]]:
    """The raw table, in the order of its key."""
    return rows(dsn, f"select {', '.join(columns)} from raw.shop__rows order by record_key, version")


def loads(dsn: str, *columns: str) -> list[tuple[Any, ...]]:
    """The books of the readings, in their order."""
    return rows(dsn, f"select {', '.join(columns)} from ops.entity_load order by load_id")
