"""The push database: which rows are read, and what of their JSON is kept."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from quanyu import tables
from quanyu.contracts import SHANGHAI, Connection, Page, Record, Window
from quanyu.errors import ConfigurationError, SchemaDrift
from quanyu.tables import Database, Table
from quanyu.taobao import LINE_FIELDS, REFUND_FIELDS, TRADE_FIELDS
from quanyu.transport import place

_PAGE_SIZE = 500
"""A trade with many lines is 20 kB of JSON."""


@dataclass(frozen=True, slots=True)
class _Pushed:
    """A table of pushed answers: its name, its key, and where in the JSON the object is."""

    table: str
    key: str
    path: tuple[str, str]


_TRADES = _Pushed("jdp_tb_trade", "tid", ("trade_fullinfo_get_response", "trade"))
_REFUNDS = _Pushed("jdp_tb_refund", "refund_id", ("refund_get_response", "refund"))


class PushDatabase:
    """The rows of one shop."""

    def __init__(self, database: Database, seller_nick: str) -> None:
        self._database = database
        self._seller_nick = seller_nick

    def trades(self, name: str, window: Window) -> Iterator[Page]:
        """The trades pushed in the window, as source `tmall` has them."""
        for objects in self._pushed(name, _TRADES, window):
            yield Page([_trade(said) for said in objects])

    def refunds(self, name: str, window: Window) -> Iterator[Page]:
        """The refunds pushed in the window, as source `tmall` has them."""
        for objects in self._pushed(name, _REFUNDS, window):
            yield Page([_refund(said) for said in objects])

    def _pushed(self, name: str, pushed: _Pushed, window: Window) -> Iterator[list[Record]]:
        table = Table(
            name=pushed.table,
            columns=(pushed.key, "jdp_response"),
            key=(pushed.key,),
            changed_by="jdp_modified",
            only={"seller_nick": self._seller_nick},
            page_size=_PAGE_SIZE,
        )
        for day in window.split(timedelta(days=1)):
            with place(f"{name} {day.start.astimezone(SHANGHAI):%Y-%m-%d}"):
                for rows in self._database.changed_rows(table, day):
                    yield [_answer(pushed, row) for row in rows]


@contextmanager
def connect(where: Connection, *, sleep: Callable[[float], None] = time.sleep) -> Iterator[PushDatabase]:
    """Open the database of one shop, `mysql://host:3306/sys_info`."""
    seller_nick = str(where.extra.get("seller_nick") or "")
    if not seller_nick or not where.extra.get("account"):
        raise ConfigurationError(
            f"the connection quanyu_{where.name} is incomplete.",
            remedy="set extra.seller_nick to the shop's nick in the database, extra.account as in quanyu_tmall.",
        )
    with tables.connect(where, sleep=sleep) as database:
        yield PushDatabase(database, seller_nick)


def _answer(pushed: _Pushed, row: Record) -> Record:
    """The object inside `jdp_response`; numbers of any size stay exact."""
    outer, inner = pushed.path
    try:
        found = json.loads(row["jdp_response"], strict=False)[outer][inner]
    except (ValueError, TypeError, KeyError):
        found = None
    if not isinstance(found, dict):
        raise SchemaDrift(
            f"{pushed.table}: jdp_response of {pushed.key} {row[pushed.key]} holds no {outer}.{inner}.",
            remedy="look at that row; if Taobao changed its form, adapt the source.",
        )
    return found


def _trade(said: Record) -> Record:
    """What TOP would have answered for the fields that are asked there."""
    wrapper = said.get("orders")
    lines = wrapper.get("order") if isinstance(wrapper, dict) else None
    # Anything else is handed on as it is: the gate, not the reader, judges records.
    if isinstance(lines, list) and all(isinstance(line, dict) for line in lines):
        lines = [_kept(line, LINE_FIELDS) for line in lines]
    return {**_kept(said, TRADE_FIELDS), "orders": {"order": lines}}


def _refund(said: Record) -> Record:
    kept = _kept(said, REFUND_FIELDS)
    return {**kept, "refund_id": str(kept["refund_id"])} if "refund_id" in kept else kept


def _kept(said: Record, fields: Iterable[str]) -> Record:
    # What Taobao does not know it leaves out or says null; TOP's list leaves it out.
    return {name: said[name] for name in fields if said.get(name) is not None}
