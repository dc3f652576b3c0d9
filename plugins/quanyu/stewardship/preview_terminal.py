"""A plan in the terminal, and every row of it in a file."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from quanyu.stewardship.preview_rows import FigureMove, PersonChange, Preview

_SHOWN = 12

_MEANS = {
    "merged": "One-IDs that end in another",
    "split": "new One-IDs out of one that stays",
    "renamed": "One-IDs that go on under another",
    "moved": "accounts between One-IDs that stay",
    "born": "new One-IDs of accounts that were nobody's",
    "joined": "accounts of nobody for a One-ID that was there",
    "gone": "One-IDs of which nothing is left",
    "left": "accounts that become nobody's",
}

_FIGURES = {
    "known_net_fen": "net of known buyers",
    "known_buyers": "known buyers",
    "first_order_customers": "customers by first order",
    "first_order_net_fen": "net by first order",
    "first_touch_customers": "customers by first touch",
    "first_touch_net_fen": "net by first touch",
}

_Row = TypeVar("_Row")
_Key = TypeVar("_Key", str, tuple[str, str])


def show(plan: Preview, console: Console, path: Path | None = None) -> None:
    """Print what would change, the longest lists shortened; write all rows as JSON to the path."""
    console.rule(f"[bold]plan on the night of {plan.business_date}")
    if path:
        path.write_text(as_json(plan), encoding="utf-8")
    if plan.waiting:
        ids = ", ".join(plan.waiting)
        console.print(f"part of it, decided before and waiting for the next build: {ids}", highlight=False)
    if plan.is_empty:
        console.print("nothing would change")
        return
    _people(plan, console)
    _audiences(plan, console)
    _messages(plan, console)
    _orders(plan, console)
    _figures(plan.figures, console)
    if path:
        console.print(f"every row: {path}", highlight=False)


def as_json(plan: Preview) -> str:
    """The plan as an object of lists of rows, each row with its names."""
    return json.dumps(asdict(plan), default=str, ensure_ascii=False, indent=1) + "\n"


def _people(plan: Preview, console: Console) -> None:
    table = _table("people", "", "One-IDs", "accounts", title=f"Identity: {len(plan.accounts):,} accounts move")
    for change, rows in _grouped(plan.people, lambda row: row.change):
        ids = {row.before if change in {"merged", "renamed", "gone", "left"} else row.after for row in rows}
        table.add_row(change, _MEANS[change], f"{len(ids):,}", f"{sum(row.accounts for row in rows):,}")
    console.print(table)
    for row in plan.people[:_SHOWN]:
        console.print(_sentence(row), highlight=False, soft_wrap=True)
    _more(console, len(plan.people), "people")


def _sentence(row: PersonChange) -> str:
    accounts = f"{row.accounts:,} account{'s' if row.accounts > 1 else ''}"
    return f"  {row.change:8} {row.before or 'nobody'} -> {row.after or 'nobody'}  ({accounts})"


def _audiences(plan: Preview, console: Console) -> None:
    table = _table("segment", "gained", "lost", title="Audiences")
    for segment, rows in _grouped(plan.audiences, lambda row: row.segment):
        count = Counter(row.change for row in rows)
        table.add_row(segment, f"{count['gained']:,}", f"{count['lost']:,}")
    if plan.audiences:
        console.print(table)


def _messages(plan: Preview, console: Console) -> None:
    changes = ("appears", "vanishes", "held", "freed")
    table = _table("channel", "segment", *changes, title="Messages of the night")
    for (channel, segment), rows in _grouped(plan.messages, lambda row: (row.channel, row.segment)):
        count = Counter(row.change for row in rows)
        table.add_row(channel, segment, *(f"{count[change]:,}" for change in changes))
    if plan.messages:
        console.print(table)
        console.print(f"  planned with the channels {', '.join(plan.channels)}", highlight=False)


def _orders(plan: Preview, console: Console) -> None:
    table = _table("channel", "orders", "net (yuan)", title="Orders that count for somebody else")
    for channel, rows in _grouped(plan.orders, lambda row: row.channel):
        table.add_row(channel, f"{len(rows):,}", f"{sum(row.net_fen for row in rows) / 100:,.2f}")
    if plan.orders:
        console.print(table)


def _figures(figures: Sequence[FigureMove], console: Console) -> None:
    table = _table("figure", "of", "before", "after", "difference", title="Figures that move")
    # The funnel has a row per day; the few figures by channel stand above it.
    largest = sorted(figures, key=lambda row: (row.mart == "fct_funnel_daily", row.mart, row.figure, -_size(row)))
    for row in largest[: 2 * _SHOWN]:
        values = (row.before, row.after, (row.after or 0) - (row.before or 0))
        figure = _FIGURES.get(row.figure, f"funnel {row.figure.removesuffix('_fen').replace('_', ' ')}")
        unit = " (yuan)" if row.figure.endswith("_fen") else ""
        table.add_row(figure + unit, row.key.replace("|", " "), *(_number(row, value) for value in values))
    if figures:
        console.print(table)
    _more(console, len(figures), "figures", 2 * _SHOWN)


def _table(*columns: str, title: str) -> Table:
    """A table that folds on a narrow terminal and leaves nothing out."""
    table = Table(title=title)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _size(row: FigureMove) -> int:
    return abs((row.after or 0) - (row.before or 0))


def _number(row: FigureMove, value: int | None) -> str:
    if value is None:
        return ""
    return f"{value / 100:,.2f}" if row.figure.endswith("_fen") else f"{value:,}"


def _more(console: Console, count: int, noun: str, shown: int = _SHOWN) -> None:
    if count > shown:
        console.print(f"  and {count - shown:,} more {noun}, all of them in the JSON", highlight=False)


def _grouped(rows: Iterable[_Row], key: Callable[[_Row], _Key]) -> list[tuple[_Key, list[_Row]]]:
    found: dict[_Key, list[_Row]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return [(name, found[name]) for name in sorted(found, key=str)]
