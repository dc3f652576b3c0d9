"""Text of a file as values of the declared types, strictly: what does not read as its type is drift, never a guess."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

_INTEGER = re.compile(r"[+-]?\d+")
_WHOLE = re.compile(r"([+-]?\d+)\.0+")
_DATE = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?")
_DAY_FIRST = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})(.*)", re.DOTALL)
_TRUE, _FALSE = {"true", "1", "y", "yes", "是"}, {"false", "0", "n", "no", "否"}


class Unreadable(ValueError):
    """A value is not what its column says; carries no value."""


def converter(kind: str, zone: ZoneInfo) -> Callable[[Any], Any]:
    """What turns a value of a file (text, or what a typed format gives) into what lands."""
    return {
        "text": _text,
        "integer": _integer,
        "number": _number,
        "boolean": _boolean,
        "date": _date,
        "time": lambda value: _time(value, zone),
    }.get(kind, lambda value: value)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | Decimal | date):
        # A float is what is left of an id or an amount in a spreadsheet: nobody knows what it was.
        raise Unreadable
    return str(value)


def _integer(value: Any) -> int:
    if isinstance(value, bool):
        raise Unreadable
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        if not value.is_integer() or abs(value) >= 2**53:
            raise Unreadable
        return int(value)
    text = str(value).strip()
    if whole := _WHOLE.fullmatch(text):
        text = whole[1]
    if not _INTEGER.fullmatch(text):
        raise Unreadable
    return int(text)


def _number(value: Any) -> str:
    """Decimal text; a spreadsheet's float in its shortest form, which is what the cell shows."""
    if isinstance(value, bool):
        raise Unreadable
    text = (repr(value) if isinstance(value, float) else str(value)).strip().replace(",", "")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise Unreadable from None
    if not number.is_finite():
        raise Unreadable
    return format(number, "f")


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text not in _TRUE | _FALSE:
        raise Unreadable
    return text in _TRUE


def _date(value: Any) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    found = _DATE.fullmatch(str(value).strip().split("T")[0].split(" ")[0])
    if not found:
        raise Unreadable
    try:
        return date(*map(int, found.groups())).isoformat()
    except ValueError:
        raise Unreadable from None


def _time(value: Any, zone: ZoneInfo) -> str:
    if isinstance(value, datetime):
        moment = value
    else:
        text = str(value).strip()
        if slashed := _DAY_FIRST.fullmatch(text):
            year, month, day, rest = slashed.groups()
            text = f"{year}-{int(month):02d}-{int(day):02d}{rest}"
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise Unreadable from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(zone).isoformat()
