"""`quanyu`: a person's front door to the pipeline."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from quanyu import activation, discovery
from quanyu.bi_commands import bi_app
from quanyu.campaign_commands import campaign_app, outbox_app
from quanyu.contracts import Ability, Audience, Channel, DedupKey, Neither, Query
from quanyu.desk import identity_app
from quanyu.local.console import show_backfill, show_night
from quanyu.local.front import local_settings, sentences
from quanyu.local.stack import Stack
from quanyu.marts_commands import marts_app
from quanyu.report import night_report, render_html, render_terminal
from quanyu.segment_commands import segment_app
from quanyu.settings import PROJECT, environment_connection, settings
from quanyu.source_commands import source_app
from quanyu.vault import Vault

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The nightly customer data pipeline.")
app.add_typer(source_app, name="source")
app.add_typer(identity_app, name="identity")
app.add_typer(marts_app, name="marts")
app.add_typer(bi_app, name="bi")
app.add_typer(segment_app, name="segment")
app.add_typer(campaign_app, name="campaign")
app.add_typer(outbox_app, name="outbox")

console = Console()

Day = Annotated[datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="The business date.")]
Home = Annotated[Path, typer.Option(envvar="QUANYU_HOME", resolve_path=True, help="The folder of the local stack.")]
_HOME = PROJECT / "var"


@app.command()
def up(home: Home = _HOME) -> None:
    """Start Postgres (unless QUANYU_WAREHOUSE_URL is set) and Airflow, on this machine only."""
    stack = Stack(home)
    with sentences(console), console.status("starting") as status:
        stack.up(lambda step: status.update(f"starting: {step}"))
    console.print(f"Airflow  {stack.api.url}  user admin, password {stack.api.password}")
    console.print(f"Logs     {home / 'logs'}")


@app.command()
def down(home: Home = _HOME) -> None:
    """Stop everything that `up` started."""
    with sentences(console), console.status("stopping"):
        Stack(home).down()


@app.command()
def status(home: Home = _HOME) -> None:
    """Say which processes run; exits with 1 when one does not."""
    processes = Stack(home).processes
    table = Table("process", "pid", "log")
    for process in processes:
        table.add_row(process.name, str(process.pid() or "[red]down"), str(process.log))
    console.print(table)
    if any(process.pid() is None for process in processes):
        raise typer.Exit(1)


@app.command()
def migrate(home: Home = _HOME) -> None:
    """Create or upgrade the tables of the warehouse and of Airflow."""
    with sentences(console):
        Stack(home).migrate()


@app.command()
def night(date: Day, home: Home = _HOME) -> None:
    """Run ingest, transform and activate for one business date on the running stack and follow them."""
    stack = Stack(home)
    with sentences(console):
        is_good = show_night(stack, date.date(), console)
        render_terminal(night_report(stack.warehouse_url, date.date()), console)
    if not is_good:
        raise typer.Exit(1)


@app.command()
def backfill(
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day to read.")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day to read.")],
    source: Annotated[list[str] | None, typer.Option(help="Only this one; may be repeated.")] = None,
    home: Home = _HOME,
) -> None:
    """Read days of the past again, under the last night, and publish what they change. Never sends anything."""
    stack = Stack(home)
    with sentences(console):
        is_good = show_backfill(stack, first.date(), last.date(), source or [], console)
    if not is_good:
        raise typer.Exit(1)


@app.command()
def report(
    date: Day,
    html: Annotated[Path | None, typer.Option(help="Write the page here as well.")] = None,
    home: Home = _HOME,
) -> None:
    """Print what happened to one business date."""
    with local_settings(home, console):
        found = night_report(settings().dsn, date.date())
        render_terminal(found, console)
        if html:
            render_html(found, html)


@app.command()
def channels() -> None:
    """Show every channel and audience, what it takes, and what is known after a lost answer (docs/channels.md)."""
    table = Table("name", "connection", "on", "address", "after a lost answer", "a call")
    for channel in discovery.channels().values():
        calls = f"{channel.smallest_batch} to {channel.largest_batch}" if channel.largest_batch > 1 else "1"
        table.add_row(*_where(channel), _after_loss(channel.ability), calls)
    for audience in discovery.audiences().values():
        table.add_row(*_where(audience), "the same change again", f"1 to {audience.largest_batch}")
    console.print(table)


def _where(one: Channel | Audience) -> tuple[str, str, str, str]:
    is_on = environment_connection(one.connection) is not None
    return one.name, f"quanyu_{one.connection}", "[green]on" if is_on else "-", one.address_type


def _after_loss(ability: Ability) -> str:
    match ability:
        case DedupKey(window):
            return f"goes again under its key, for {span(window)}"
        case Query(window, _):
            return f"is asked about, for {span(window)}"
        case Neither():
            return "is parked"


def span(window: timedelta) -> str:
    """A span of time in its largest whole unit."""
    hours = int(window.total_seconds() // 3600)
    count, unit = (hours // 24, "day") if hours % 24 == 0 else (hours, "hour")
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


@app.command()
def receipts(home: Home = _HOME) -> None:
    """Pull what became of the messages under way on every channel whose connection is in the environment."""
    with local_settings(home, console):
        vault = Vault(settings().vault_key_bytes)
        for channel in discovery.channels().values():
            where = environment_connection(channel.connection)
            if where is None:
                continue
            with channel.connect(where) as client:
                heard = activation.collect_receipts(settings().dsn, channel, client, settings().business_now, vault)
            states = ", ".join(f"{count} {state}" for state, count in sorted(heard.states.items())) or "nothing new"
            console.print(f"{channel.name}: {states}")


if __name__ == "__main__":
    app()
