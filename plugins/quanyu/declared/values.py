"""Values of a file as the declared types, strictly: what does not read as its type is drift, never a guess."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

_INTEGER = re.compile(r"([+-]?\d{1,100})(?:\.0+)?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_SPREADSHEET = re.compile(r"\d(\.\d+)?E\+\d\d")
_MOMENT = re.compile(
    r"(?P<year>\d{4})(?P<mark>[-/.]?)(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})"
    r"(?:(?P<gap>[T ]*)(?P<hour>\d{1,2})(?P<colon>:?)(?P<minute>\d{2})"
    r"(?:(?P=colon)(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r" ?(?P<zone>Z|[+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)
_CHINESE = str.maketrans({"年": "-", "月": "-", "日": " "})
_TRUE, _FALSE = {"true", "1", "y", "yes", "是"}, {"false", "0", "n", "no", "否"}
_KEPT = 10**15
"""From here on a spreadsheet, or a float, no longer keeps every digit of a whole number."""
_LARGEST_EXPONENT = 40

_DIGITS_LOST = "digits were lost in a spreadsheet: have the column formatted as text where it is written."


_MADE_A_DATE = (
    "it holds a time: declare it as date or time; where a spreadsheet made a date of a code, have the column formatted"
    " as text."
)


class Unreadable(ValueError):
    """A value is not what its column says; carries no value, and a remedy where the cause is known."""

    def __init__(self, remedy: str = "") -> None:
        super().__init__()
        self.remedy = remedy


def converter(kind: str, zone: ZoneInfo) -> Callable[[Any], Any]:
    """What turns a value of a file (text, or what a typed format gives) into what lands."""
    return {
        "text": _text,
        "integer": _integer,
        "number": _number,
        "money": lambda value: _number(str(value).strip().lstrip("¥￥") if isinstance(value, str) else value),
        "boolean": _boolean,
        "date": lambda value: _date(value, zone),
        "time": lambda value: _moment(value, zone).isoformat(),
        "object": lambda value: _nested(value, dict),
        "array": lambda value: _nested(value, list),
    }[kind]


def plain(value: Any) -> Any:
    """A value as JSON has it and exact: decimals, floats, dates and times as text, bytes in hex."""
    match value:
        case None | str() | int():
            return value
        case dict():
            return {str(name): plain(item) for name, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case date() | time():
            return value.isoformat()
        case bytes():
            return value.hex()
        case _:
            return str(value)


def exact_json(text: str) -> Any:
    """Parse JSON: fractions stay the text they are written as, so that no decimal is lost. Raises ValueError."""
    try:
        return json.loads(text, parse_float=str, parse_constant=_no_number)
    except RecursionError:
        raise ValueError from None


def _no_number(_: str) -> None:
    raise ValueError


def _text(value: Any) -> str:
    if isinstance(value, float):
        if abs(value) >= _KEPT:
            raise Unreadable(_DIGITS_LOST)
        # An amount or a version is more than its float says (1.10); a whole number is not.
        return str(_integer(value))
    if isinstance(value, datetime):
        raise Unreadable(_MADE_A_DATE)
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal | date | time):
        raise Unreadable
    text = str(plain(value))
    if _SPREADSHEET.fullmatch(text):
        raise Unreadable(_DIGITS_LOST)
    return text


def _integer(value: Any) -> int:
    if isinstance(value, bool):
        raise Unreadable
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        if abs(value) >= _KEPT:
            raise Unreadable(_DIGITS_LOST)
        if not value.is_integer():
            raise Unreadable
        return int(value)
    text = str(value).strip()
    if not (whole := _INTEGER.fullmatch(text)):
        raise Unreadable(_DIGITS_LOST if _SPREADSHEET.fullmatch(text) else "")
    return int(whole[1])


def _number(value: Any) -> str:
    """Decimal text; a float in its shortest form."""
    if isinstance(value, bool):
        raise Unreadable
    text = str(value).strip()
    if "_" in text or ("," in text and not _GROUPED.fullmatch(text)):
        # 12,50 is not 1250.
        raise Unreadable
    try:
        number = Decimal(text.replace(",", ""))
    except InvalidOperation:
        raise Unreadable from None
    if not number.is_finite() or abs(number.adjusted()) > _LARGEST_EXPONENT:
        raise Unreadable
    return format(number, "f")


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text not in _TRUE | _FALSE:
        raise Unreadable
    return text in _TRUE


def _date(value: Any, zone: ZoneInfo) -> str:
    is_day = isinstance(value, date) and not isinstance(value, datetime)
    return (value if is_day else _moment(value, zone).date()).isoformat()


def _moment(value: Any, zone: ZoneInfo) -> datetime:
    """A time in the declared zone, which is also the zone of a time that names none; a day is its midnight."""
    try:
        moment = value if isinstance(value, datetime) else _written(str(value))
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(zone)
    except (ValueError, OverflowError):
        raise Unreadable from None


def _written(text: str) -> datetime:
    """What is written as 2026-11-20 23:59:58, 2026/1/5 8:05, 2026年1月5日, 20261120235958, or in ISO 8601."""
    found = _MOMENT.fullmatch(text.translate(_CHINESE).strip())
    if not found:
        raise ValueError
    said = found.groupdict(default="")
    is_dense = not (said["mark"] and (said["gap"] or not said["hour"]))
    if is_dense and (said["mark"] or {len(said["month"]), len(said["day"])} != {2} or len(said["hour"]) == 1):
        raise ValueError
    parts = (int(said[part] or 0) for part in ("year", "month", "day", "hour", "minute", "second"))
    # isoformat and fromisoformat know microseconds; a database may send nanoseconds.
    microseconds = timedelta(microseconds=int(f"{said['fraction']:0<6}"[:6]))
    zone = datetime.strptime(said["zone"], "%z").tzinfo if said["zone"] else None
    return datetime(*parts, tzinfo=zone) + microseconds  # type: ignore[arg-type, misc]


def _nested(value: Any, kind: type) -> Any:
    """An object or a list; of a database or a flat file also as JSON text."""
    try:
        found = exact_json(value) if isinstance(value, str) else plain(value)
    except ValueError:
        raise Unreadable from None
    if not isinstance(found, kind):
        raise Unreadable
    return found
