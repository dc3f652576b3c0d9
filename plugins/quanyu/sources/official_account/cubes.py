"""The daily reports of the official account's API: one call per report and span of days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from quanyu.contracts import Page, Record, Window
from quanyu.errors import Retryable, SchemaDrift
from quanyu.transport import place
from quanyu.wechat import WeChat


@dataclass(frozen=True, slots=True)
class Cube:
    """One report: the last part of its path, and how many days the platform lets one call ask for."""

    name: str
    longest: int


def read(client: WeChat, name: str, cube: Cube, window: Window) -> Iterator[Page]:
    """Read a report, a page per day. Raises SchemaDrift for a row that belongs to none of the days asked for."""
    days = list(window.days())
    for start in range(0, len(days), cube.longest):
        span = days[start : start + cube.longest]
        with place(f"{name} {span[-1]}"):
            found = _by_day(client, cube, span)
        for day in span:
            yield Page(found[f"{day}"], day)


def _by_day(client: WeChat, cube: Cube, span: Sequence[date]) -> Mapping[str, list[Record]]:
    body = {"begin_date": f"{span[0]}", "end_date": f"{span[-1]}"}
    rows = client.call("POST", f"/datacube/{cube.name}", body=body).get("list")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        # A quiet day has an empty list: no list at all would withdraw what was read of it before.
        raise Retryable("the answer holds something else than a list of rows.")
    found: dict[str, list[Record]] = {f"{day}": [] for day in span}
    for row in rows:
        day = row.get("ref_date")
        if not isinstance(day, str) or day not in found:
            raise SchemaDrift(
                f"asked for {span[0]} to {span[-1]}, a row has ref_date {day!r}.",
                remedy="compare the answer of the report with the platform's documents of it.",
            )
        found[day].append(row)
    return found
