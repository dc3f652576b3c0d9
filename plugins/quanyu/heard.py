"""What is heard outside a channel's own calls: bodies that a platform pushed to the brand, and what people answered.

A platform cannot call back a pipeline that runs at night. The brand's own collector stands between the two: a web
endpoint that keeps what was pushed and hands it out as a JSON array, `GET <url>?...`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlsplit

from quanyu.contracts import Record
from quanyu.errors import QuanyuError, Retryable
from quanyu.transport import Http

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One reply of a person; `cursor` names it for the next reading."""

    address: str = field(repr=False)
    said: str = field(repr=False)
    at: datetime
    cursor: str


def collected(url: str, **asked: str) -> list[Record]:
    """Read the pushed bodies that `asked` selects. Raises Retryable when the answer is no array of objects."""
    parts = urlsplit(url)
    with Http(f"{parts.scheme}://{parts.netloc}") as http:
        response = http.request("GET", parts.path, params=asked)
    try:
        rows = json.loads(response.content)
    except ValueError:
        rows = None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Retryable(
            f"the collector at {parts.netloc}{parts.path} answers with no JSON array of objects.",
            remedy="check the URL in the connection's extra, and the collector itself.",
        )
    return rows


def kept(rows: Iterator[T]) -> Iterator[T]:
    """Rows of a queue that hands each out once: those that were read are kept, whatever a later call meets."""
    is_some = False
    try:
        for row in rows:
            is_some = True
            yield row
    except QuanyuError as error:
        if not is_some:
            raise
        log.warning("the rest is read the next time: %s", error)
