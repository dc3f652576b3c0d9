"""A night as a person watches it: a line per finished task, the running ones below."""

from __future__ import annotations

from datetime import date

from rich.console import Console
from rich.markup import escape

from quanyu.local.api import TaskRun
from quanyu.local.night import Outcome, explain, run_night
from quanyu.local.stack import Stack

_MARKS = {
    "success": "[green]✓[/green]",
    "failed": "[red]✗[/red]",
    "upstream_failed": "[dim]-[/dim]",
    "skipped": "[dim]-[/dim]",
    "up_for_retry": "[yellow]↻[/yellow]",
}


def follow_night(stack: Stack, business_date: date, console: Console, *, patience: float) -> Outcome:
    """Run a night and print each task as it ends."""
    under_way: dict[tuple[str, str, int], str] = {}
    with console.status("the night begins") as status:

        def watch(task: TaskRun) -> None:
            key = (task.dag_id, task.task_id, task.map_index)
            if task.state in _MARKS:
                under_way.pop(key, None)
                seconds = f"{task.seconds:6.1f} s" if task.seconds else " " * 8
                console.print(f"{_MARKS[task.state]} {seconds}  {escape(task.name)}", highlight=False)
            elif task.state in {"running", "deferred"}:
                under_way[key] = task.name + (" (waiting)" if task.state == "deferred" else "")
            status.update(escape(", ".join(under_way.values()) or "…"))

        return run_night(stack, business_date, watch=watch, patience=patience)


def show_night(stack: Stack, business_date: date, console: Console, *, patience: float = 24 * 3600) -> bool:
    """Run a night, say what failed first; whether all of it succeeded."""
    outcome = follow_night(stack, business_date, console, patience=patience)
    if not outcome.is_good:
        console.print(f"[red]{escape(explain(stack.api, outcome))}", highlight=False)
    return outcome.is_good
