"""Which files a day has, and the two forms in which retailers say what they sold."""

from __future__ import annotations

import csv
import io
import logging
import re
import warnings
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from itertools import groupby

from quanyu.contracts import Page, Record, Window
from quanyu.errors import Rejected, SchemaDrift
from quanyu.outbox import Drop, Outbox
from quanyu.transport import place

log = logging.getLogger(__name__)

_NAMES = re.compile(r"(?:SLSRPT|SHOPSO)_(?P<retailer>\d{13})_(?P<day>\d{8})_(?P<seq>\d+)\.(?:edi|csv)")
_HEADERS = {
    "日期": "sold_on",
    "门店编码": "store_code",
    "条码": "gtin",
    "销售数量": "quantity",
    "销售金额(含税)": "amount_yuan",
}
_PERIOD, _STORE, _SOLD, _VALUE = "356", "162", "153", "203"


def sales(outbox: Outbox, window: Window) -> Iterator[Page]:
    """Read each day of the window retailer by retailer; of a retailer's files of a day, the last number counts."""
    with place(f"sell_through.sales {max(window.days())}"):
        names = outbox.names()
    found = sorted(
        (match["day"], match["retailer"], int(match["seq"]), name)
        for name in names
        if (match := _NAMES.fullmatch(name))
    )
    for day in window.days():
        wanted = [entry for entry in found if entry[0] == f"{day:%Y%m%d}"]
        if not wanted:
            yield Page([], day)
        for retailer, files in groupby(wanted, key=lambda entry: entry[1]):
            with place(f"sell_through.sales {day}"):
                *_, name = list(files)[-1]
                rows = _rows(outbox.take(name, names), retailer, day)
            yield Page(rows, day)


def _rows(drop: Drop, retailer: str, day: date) -> list[Record]:
    read = list(_interchange(drop) if drop.name.endswith(".edi") else _portal(drop))
    if len(read) != drop.rows:
        raise Rejected(
            f"{drop.name}: it holds {len(read)} rows, its .done says {drop.rows}.",
            remedy="ask the retailer to send it again under the next number.",
        )
    strays = {row["sold_on"] for row in read} - {day.isoformat()}
    if strays:
        raise Rejected(
            f"{drop.name} reports {', '.join(sorted(strays))} under {day}.",
            remedy="ask the retailer for one file per day, named after the day it reports.",
        )
    return [{"retailer": retailer, **row} for row in read]


def _interchange(drop: Drop) -> Iterator[Record]:
    """The lines of SLSRPT messages: a LOC+162 opens a store, a LIN an article; MOA+203 and QTY+153 follow it."""
    from pydifact.exceptions import EDISyntaxError
    from pydifact.segmentcollection import Interchange

    with warnings.catch_warnings():
        # It has no tables of the service segments of version 3 and says so for each; they need none here.
        warnings.simplefilter("ignore")
        try:
            messages = list(Interchange.from_str(drop.content.decode("latin-1")).get_messages())
        except (EDISyntaxError, SyntaxError, ValueError, IndexError, TypeError, EOFError):
            raise _unreadable(drop, "it is no EDIFACT interchange") from None
    for message in messages:
        if message.type != "SLSRPT":
            raise _unreadable(drop, "it holds another message than SLSRPT")
        store = day = ""
        line: Record = {}
        for segment in message.segments:
            match segment.tag, segment.elements:
                case "LOC", [qualifier, [code, *_], *_] if qualifier == _STORE:
                    store = code
                case "DTM", [[qualifier, period, "718"], *_] if qualifier == _PERIOD:
                    day = _single_day(drop, period)
                case "LIN", [_, _, [gtin, *_], *_]:
                    yield from _finished(drop, line)
                    line = {"store_code": store, "gtin": gtin, "sold_on": day}
                case "MOA", [[qualifier, value, *_], *_] if qualifier == _VALUE:
                    line["amount_yuan"] = _amount(drop, value)
                case "QTY", [[qualifier, value, *_], *_] if qualifier == _SOLD:
                    line["quantity"] = _count(drop, value)
                case _:
                    pass
        yield from _finished(drop, line)


def _finished(drop: Drop, line: Record) -> Iterator[Record]:
    if not line:
        return
    missing = set(_HEADERS.values()) - {name for name, said in line.items() if said != ""}
    if missing:
        raise SchemaDrift(
            f"{drop.name}: a line lacks {', '.join(sorted(missing))}.",
            remedy="ask the retailer for LOC+162, DTM+356 (718), LIN, MOA+203 and QTY+153 of every line.",
        )
    yield line


def _portal(drop: Drop) -> Iterator[Record]:
    reader = csv.DictReader(io.StringIO(_text(drop), newline=""), strict=True)
    try:
        if missing := [title for title in _HEADERS if title not in (reader.fieldnames or [])]:
            raise SchemaDrift(
                f"{drop.name} lacks the column {', '.join(missing)}.",
                remedy="ask for the agreed columns; if the change is meant, adapt the source.",
            )
        for row in reader:
            line = {name: str(row[title] or "").strip() for title, name in _HEADERS.items()}
            yield {
                **line,
                "sold_on": _day(drop, line["sold_on"]),
                "quantity": _count(drop, line["quantity"]),
                "amount_yuan": _amount(drop, line["amount_yuan"]),
            }
    except csv.Error as error:
        raise _unreadable(drop, f"line {reader.line_num}: {error}") from None


def _text(drop: Drop) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return drop.content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _unreadable(drop, "it is neither UTF-8 nor GB18030")


def _single_day(drop: Drop, period: str) -> str:
    """The day of a period from-to (DTM format 718) that is one day."""
    if len(period) != 16 or period[:8] != period[8:]:
        raise _unreadable(drop, "it reports a period of more than one day")
    return _day(drop, period[:8])


def _day(drop: Drop, text: str) -> str:
    for form in ("%Y%m%d", "%Y-%m-%d", "%Y/%m/%d"):
        try:
            return datetime.strptime(text, form).date().isoformat()  # noqa: DTZ007  # a calendar day has no zone
        except ValueError:
            continue
    raise _unreadable(drop, "it holds a day that is none")


def _count(drop: Drop, text: str) -> int:
    number = _decimal(drop, text)
    if number != int(number):
        raise _unreadable(drop, "it holds a part of a piece")
    return int(number)


def _amount(drop: Drop, text: str) -> str:
    return format(_decimal(drop, text), "f")


def _decimal(drop: Drop, text: str) -> Decimal:
    try:
        number = Decimal(text.replace(",", ""))
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite():
        raise SchemaDrift(
            f"{drop.name}: a quantity or an amount is no number.",
            remedy="ask the retailer to send it again under the next number.",
        )
    return number


def _unreadable(drop: Drop, reason: str) -> Rejected:
    return Rejected(f"{drop.name}: {reason}.", remedy="ask the retailer to send it again under the next number.")
