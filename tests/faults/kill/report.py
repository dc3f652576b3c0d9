"""The table, and the same figures flat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.table import Table

from tests.faults.kill.contest import Tally

Figures = dict[str, float]

_COLUMNS = ("messages", "kills", "lost", "doubled", "parked", "refused", "replies_lost")


def table(title: str, struck: str, tallies: Sequence[Tally]) -> Table:
    """A line per tally; `struck` names what hit the senders."""
    shown = Table(title=title, title_justify="left")
    shown.add_column("design")
    for name in _COLUMNS:
        shown.add_column(struck if name == "kills" else name.replace("_", " "), justify="right")
    for tally in tallies:
        counts = {name: getattr(tally, name) for name in _COLUMNS}
        shown.add_row(tally.name, *(_coloured(name, count) for name, count in counts.items()))
    return shown


def _coloured(name: str, count: int) -> str:
    text = f"{count:,}"
    if name not in {"lost", "doubled"}:
        return text
    return f"[red]{text}[/]" if count else f"[green]{text}[/]"


def figures(
    random: Sequence[Tally], points: Sequence[Tally], stops: Sequence[Tally], pairs: Sequence[Tally],
    losing: Sequence[Tally],
) -> Figures:  # fmt: skip
    """Ours under random kills without a prefix; by channel, by kind of blow and by losing design with one."""
    parts: Mapping[str, Sequence[Tally]] = {
        "": random,
        "points_": points,
        "stops_": stops,
        "pairs_": pairs,
        **{f"{tally.name}_": [tally] for tally in (*random, *losing)},
    }
    return {
        f"{prefix}{name}": sum(getattr(tally, name) for tally in tallies)
        for prefix, tallies in parts.items()
        for name in _COLUMNS
    }
