"""The gateway of JD's open platform (JOS): parameters as they are received, its times and pages, its errors."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from quanyu.contracts import SHANGHAI

Asked = Mapping[str, Any]


class JosError(Exception):
    """An `error_response`."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.answer = {"code": str(code), "zh_desc": words, "en_desc": words}


def asked_page(found: list[Any], asked: Asked, number: str, size: str, largest: int) -> list[Any]:
    """The asked page, numbered from 1. Raises JosError."""
    try:
        page, rows = int(asked.get(number, "1")), int(asked.get(size, "10"))
    except ValueError:
        page, rows = 0, 0
    if page < 1 or not 1 <= rows <= largest:
        raise JosError(61, f"{number} must be positive and {size} in 1..{largest}")
    return found[(page - 1) * rows : page * rows]


def asked_time(asked: Asked, name: str) -> datetime:
    """A required time. Raises JosError."""
    try:
        return datetime.strptime(str(asked.get(name)), "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI)
    except ValueError:
        raise JosError(61, f"{name} must be yyyy-MM-dd HH:mm:ss") from None


def timestamp(text: str) -> datetime:
    """The time of a call, with or without milliseconds and zone. Raises JosError."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise JosError(8, "Invalid Timestamp") from None
    return found if found.tzinfo else found.replace(tzinfo=SHANGHAI)


async def received(request: web.Request) -> dict[str, str]:
    """What stands in the query and in the body, together."""
    body = await request.read()
    return dict(
        parse_qsl(request.query_string, keep_blank_values=True) + parse_qsl(body.decode(), keep_blank_values=True)
    )
