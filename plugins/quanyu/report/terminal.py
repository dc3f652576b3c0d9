"""The report in the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from quanyu.report.mart_pictures import STAGES
from quanyu.report.night import Night

_COLOURS = {"complete": "green", "admitted": "green", "stale": "yellow", "failed": "red", "rejected": "red"}


def render_terminal(night: Night, console: Console) -> None:
    """Print the night: sources, identity, funnel, segments and messages, gates, timings."""
    console.rule(f"[bold]全域 night of {night.business_date}")
    console.print(f"marts visible since {night.published_at}" if night.published_at else "[red]marts not published")
    _sources(night, console)
    _identity(night, console)
    _funnel(night, console)
    _messages(night, console)
    _mirrors(night, console)
    _checks(night, console)


def _sources(night: Night, console: Console) -> None:
    table = Table("source", "entity", "status", "read", "new", "deleted", "s", title="Sources")
    for load in night.loads:
        table.add_row(
            load.source,
            load.entity,
            f"[{_COLOURS.get(load.status, 'white')}]{load.status}",
            f"{load.rows_read:,}",
            f"{load.rows_new:,}",
            f"{load.rows_deleted:,}",
            f"{load.seconds:.1f}",
        )
    console.print(table)
    for load in night.loads:
        if load.error:
            console.print(f"[red]{load.source}.{load.entity}[/red] {load.error} {load.remedy}", highlight=False)
        if load.new_fields:
            console.print(f"[yellow]{load.source}.{load.entity}[/yellow] new fields: {', '.join(load.new_fields)}")
    for source in night.sources:
        if source.status != "complete":
            console.print(f"[{_COLOURS.get(source.status, 'white')}]{source.source} is {source.status}: {source.error}")


def _identity(night: Night, console: Console) -> None:
    table = Table("One-ID", "count", title="Identity")
    for count in night.identity:
        table.add_row(count.name, f"{count.count:,}")
    for refusal in night.refusals:
        table.add_row(f"identifiers refused: {refusal.name}", f"{refusal.count:,}")
    for name, value in night.truth.items():
        table.add_row(name, f"{value:.4f}")
    console.print(table)


def _funnel(night: Night, console: Console) -> None:
    table = Table("stage", "channel", "events", "customers", "revenue (yuan)", title="Funnel of the day")
    for cell in night.funnel:
        revenue = f"{cell.revenue_fen / 100:,.2f}" if cell.revenue_fen else ""
        table.add_row(STAGES[cell.stage], cell.channel, f"{cell.events:,}", f"{cell.customers:,}", revenue)
    console.print(table)


def _messages(night: Night, console: Console) -> None:
    words = ("segment", "audience", "what became of them", "difference")
    table = Table(*words, title="Segments and messages: the waterfall")
    for row in [*night.waterfall, night.total]:
        if row.segment == "all":
            table.add_section()
        table.add_row(row.segment, f"{row.audience:,}", _fates(row.parts), str(row.difference))
    console.print(table)
    for hold in night.holds:
        console.print(f"[yellow]{hold.name} is held:[/yellow] {hold.reason}")
    states = Table("channel", "state", "messages", title="Messages")
    for message in night.messages:
        states.add_row(message.channel, message.state, f"{message.count:,}")
    console.print(states)


def _fates(parts: Mapping[str, int]) -> str:
    """The words under which anybody fell, e.g. `sent 203, holdout 117`."""
    return ", ".join(f"{part.replace('_', ' ')} {people:,}" for part, people in parts.items() if people)


def _mirrors(night: Night, console: Console) -> None:
    if not night.mirrors:
        return
    parts = ("mirrored", "holdout", "unreachable", "no_consent", "refused", "waiting", "leaving")
    table = Table("list", "people", "what became of them", "difference", title="Lists that mirror a segment")
    for row in night.mirrors:
        fates = _fates({part: getattr(row, part) for part in parts})
        said = "; ".join(text for text in (fates, escape(row.note)) if text)
        table.add_row(f"{row.audience}\n{row.segment}", f"{row.people:,}", said, str(row.difference))
    console.print(table)


def _checks(night: Night, console: Console) -> None:
    table = Table("gate", "relation", "checks", "failed", "warned", title="Gates")
    for gate in night.gates:
        table.add_row(gate.gate, gate.relation, str(gate.checks), str(gate.failed), str(gate.warned))
    console.print(table)
    for gate in night.gates:
        for reason in gate.reasons:
            console.print(f"[yellow]{gate.gate} {gate.relation}[/yellow] {reason}")
    timings = Table("layer", "nodes", "failed", "s", title="Built")
    for layer in night.layers:
        timings.add_row(layer.layer, str(layer.nodes), str(layer.failed), f"{layer.seconds:.1f}")
    console.print(timings)
