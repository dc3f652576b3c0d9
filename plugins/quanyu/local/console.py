"""A night, or a backfill, as a person watches it: a line per finished task, the running ones below."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date

from rich.console import Console
from rich.markup import escape

from quanyu import landing
from quanyu.errors import ConfigurationError
from quanyu.local.api import TaskRun
from quanyu.local.night import Outcome, Watch, explain, run_backfill, run_night
from quanyu.local.stack import Stack

_MARKS = {
    "success": "[green]✓[/green]",
    "failed": "[red]✗[/red]",
    "upstream_failed": "[dim]-[/dim]",
    "skipped": "[dim]-[/dim]",
    "up_for_retry": "[yellow]↻[/yellow]",
}


@contextmanager
def watching(console: Console) -> Iterator[Watch]:
    """Print each task as it ends, and below them those under way."""
    under_way: dict[tuple[str, str, int], str] = {}
    with console.status("it begins") as status:

        def watch(task: TaskRun) -> None:
            key = (task.dag_id, task.task_id, task.map_index)
            if task.state in _MARKS:
                under_way.pop(key, None)
                seconds = f"{task.seconds:6.1f} s" if task.seconds else " " * 8
                console.print(f"{_MARKS[task.state]} {seconds}  {escape(task.name)}", highlight=False)
            elif task.state in {"running", "deferred"}:
                under_way[key] = task.name + (" (waiting)" if task.state == "deferred" else "")
            status.update(escape(", ".join(under_way.values()) or "…"))

        yield watch


def show_night(stack: Stack, business_date: date, console: Console, *, patience: float = 24 * 3600) -> bool:
    """Run a night, say what failed first; whether all of it succeeded."""
    with watching(console) as watch:
        outcome = run_night(stack, business_date, watch=watch, patience=patience)
    return _said(stack, outcome, console)


def show_backfill(stack: Stack, first: date, last: date, sources: Collection[str], console: Console) -> bool:
    """Run a backfill under the last night of the ledger, say what failed first; whether all of it succeeded.

    Raises ConfigurationError when there was no night yet, or when the days are not before its end.
    """
    newest = landing.last_night(stack.warehouse_url)
    if newest is None:
        raise ConfigurationError("there was no night yet.", remedy="run `quanyu night --date` first; it reads history.")
    if not first <= last <= newest:
        raise ConfigurationError(
            f"{first} to {last} are no days up to the last night, {newest}.", remedy="swap them, or run that night."
        )
    console.print(f"{first} to {last}, landing under the night of {newest}; nothing will be sent.", highlight=False)
    with watching(console) as watch:
        outcome = run_backfill(stack, newest, first, last, sources, watch=watch)
    return _said(stack, outcome, console)


def _said(stack: Stack, outcome: Outcome, console: Console) -> bool:
    if not outcome.is_good:
        console.print(f"[red]{escape(explain(stack.api, outcome))}", highlight=False)
    return outcome.is_good
