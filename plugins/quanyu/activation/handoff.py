"""Briefs for the content teams: whom tonight's segments hold, as crowds; no person, no address, no row of the ledger.

On the video channel, Douyin, Xiaohongshu and Bilibili a brand cannot write to a person; its content teams make posts
and book creators. What they get is how large each segment is and of what tiers, stages of life and home stores. It is
no channel: a brief reaches nobody, so it counts for nobody's cap and takes no message of the night away.

    segments + marts.dim_customers -> groups of at least 50, in tens -> BRIEFS_<day>_1.csv, .json, each with its .done

Whoever is in a group below 50 counts as `其他`; where that is too small as well, the smallest group joins it. A segment
below 50 has no brief. Sizes are rounded down to tens, so that two nights side by side do not tell who came or went.
Writing again writes the same files. The `.done` (md5, bytes, rows) is as beside the desk's own files, see
`sources/content_desk`.

Connection `quanyu_content_handoff`: host = file:///folder, s3://bucket/prefix or sftp://server:port, as for the file
export. The two limits are ours.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from psycopg import sql

from quanyu import warehouse
from quanyu.activation.definition import SegmentDefinition, load
from quanyu.contracts import Connection
from quanyu.errors import Rejected
from quanyu.filedrop import FileDrop, open_drop

CONNECTION = "content_handoff"

FEWEST = 50
"""No group of fewer people is shown."""

_ROUNDED_TO = 10
_OTHERS = "其他"
_TRAITS = ("tier", "lifecycle", "home_store")
_COLUMNS = ("business_date", "segment", "why", "trait", "value", "people")

Row = tuple[str, str, str, str, str, int]


def hand_over(dsn: str, business_date: date, where: Connection) -> int:
    """Write the night's briefs; return how many segments have one. Safe to repeat.

    Raises Rejected when readers see another night, and what `FileDrop.write` raises.
    """
    with warehouse.connect(dsn) as connection:
        _require_published(connection, business_date)
        segments = load(connection)
        rows = [
            row
            for segment, definition in segments.items()
            for row in _brief(connection, business_date, segment, definition)
        ]
    with open_drop(where) as drop:
        text = io.StringIO()
        csv.writer(text).writerows([_COLUMNS, *rows])
        _write(drop, f"BRIEFS_{business_date:%Y%m%d}_1.csv", text.getvalue().encode("utf-8-sig"), len(rows))
        listed = [dict(zip(_COLUMNS, row, strict=True)) for row in rows]
        content = json.dumps(listed, ensure_ascii=False, indent=1).encode()
        _write(drop, f"BRIEFS_{business_date:%Y%m%d}_1.json", content, len(rows))
    return len({row[1] for row in rows})


def grouped(counts: Mapping[str, int]) -> dict[str, int]:
    """Groups that may be shown, the largest first, rounded; empty when there are too few people for any."""
    shown = {value: people for value, people in counts.items() if people >= FEWEST}
    others = sum(people for people in counts.values() if people < FEWEST)
    while shown and 0 < others < FEWEST:
        smallest = min(shown, key=lambda value: (shown[value], value))
        others += shown.pop(smallest)
    if others >= FEWEST:
        shown[_OTHERS] = shown.get(_OTHERS, 0) + others
    largest_first = sorted(shown.items(), key=lambda group: (-group[1], group[0]))
    return {value: people - people % _ROUNDED_TO for value, people in largest_first}


def _brief(
    connection: warehouse.Connection, business_date: date, segment: str, definition: SegmentDefinition
) -> list[Row]:
    head = (business_date.isoformat(), segment, definition.why)
    size = _counts(connection, segment, None)
    if not (everybody := grouped(size)):
        return []
    rows: list[Row] = [(*head, "all", "", people) for people in everybody.values()]
    for trait in _TRAITS:
        rows += [
            (*head, trait, value, people) for value, people in grouped(_counts(connection, segment, trait)).items()
        ]
    return rows


def _counts(connection: warehouse.Connection, segment: str, trait: str | None) -> dict[str, int]:
    """People of a segment by a trait, or all of them under one name."""
    value: sql.Composable = sql.Literal("")
    if trait:
        value = sql.SQL("coalesce(customer.{}::text, '')").format(sql.Identifier(trait))
    query = sql.SQL(
        "select {value}, count(*) from {members} as member"
        " left join marts.dim_customers as customer using (one_id) group by 1"
    ).format(value=value, members=sql.Identifier("segments", segment))
    rows: list[tuple[Any, ...]] = connection.execute(query).fetchall()
    return {str(name) or _OTHERS if trait else str(name): int(people) for name, people in rows}


def _require_published(connection: warehouse.Connection, business_date: date) -> None:
    row = connection.execute(
        "select business_date from ops.publication order by published_at desc, business_date desc limit 1"
    ).fetchone()
    if row is None or row[0] != business_date:
        raise Rejected(
            f"no briefs for {business_date}: readers see {row[0] if row else 'no night yet'}.",
            remedy=f"run the transform of {business_date} first.",
        )


def _write(drop: FileDrop, name: str, content: bytes, rows: int) -> None:
    drop.write(name, content)
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    drop.write(f"{name}.done", f"{md5} {len(content)} {rows}".encode())
