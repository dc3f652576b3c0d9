"""`quanyu campaign` and `quanyu outbox`: what waits for a person, before it goes out or since nobody knows."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from quanyu import activation
from quanyu.activation import mirror
from quanyu.contracts import SHANGHAI
from quanyu.local.front import local_settings
from quanyu.settings import PROJECT, settings

campaign_app = typer.Typer(no_args_is_help=True, help="Campaigns that wait for a person's approval.")
outbox_app = typer.Typer(no_args_is_help=True, help="Messages and channels that wait for a person.")

console = Console()

Home = Annotated[Path, typer.Option(envvar="QUANYU_HOME", resolve_path=True, help="The folder of the local stack.")]
Who = Annotated[str, typer.Option(help="Who looked at it; kept with the decision.")]
Day = Annotated[datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="The business date.")]
_HOME = PROJECT / "var"


@campaign_app.command()
def held(home: Home = _HOME) -> None:
    """List what waits for approval, and why: campaigns, and lists that mirror a segment."""
    with local_settings(home, console):
        campaigns, lists = activation.held(settings().dsn), mirror.held(settings().dsn)
    table = Table("date", "segment", "messages or list", "why")
    for one in campaigns:
        table.add_row(str(one.business_date), one.segment, f"{one.messages} messages", escape(one.reason))
    for found in lists:
        table.add_row(str(found.business_date), found.segment, found.audience, escape(found.reason))
    console.print(table if campaigns or lists else "nothing waits for approval")


@campaign_app.command()
def approve(
    segment: str,
    date: Day,
    who: Who,
    audience: Annotated[str, typer.Option(help="Approve this list instead of the messages.")] = "",
    home: Home = _HOME,
) -> None:
    """Let a segment's held messages go out with the next `send`, or its list change with the next `mirror`."""
    with local_settings(home, console):
        if audience:
            mirror.release(settings().dsn, audience, segment, date.date(), who)
            said = f"the list {audience} of {segment}"
        else:
            said = f"{activation.release(settings().dsn, segment, date.date(), who)} messages of {segment}"
    console.print(f"{said} approved by {who}", highlight=False, markup=False)


@outbox_app.command()
def parked(channel: Annotated[str, typer.Option(help="Only this channel.")] = "", home: Home = _HOME) -> None:
    """List parked messages with what their provider can be asked by: the day, our name of the call, the sender."""
    with local_settings(home, console):
        found = activation.parked(settings().dsn, channel)
    table = Table("key", "date", "segment", "channel", "called", "batch", "sender", "why")
    for one in found:
        called = f"{one.called_at.astimezone(SHANGHAI):%m-%d %H:%M:%S}" if one.called_at else ""
        where = (one.key[:12], str(one.business_date), one.segment, one.channel)
        table.add_row(*where, called, one.batch_key, escape(one.sender), escape(one.reason))
    console.print(table if found else "nothing is parked")


@outbox_app.command()
def resolve(
    names: Annotated[list[str], typer.Argument(help="Keys (or their first 8 digits) or whole batches.")],
    was_sent: Annotated[bool, typer.Option("--sent/--not-sent", help="What the provider says.")],
    who: Who,
    home: Home = _HOME,
) -> None:
    """Store what you found out. What was not sent waits again and goes out if its day still may."""
    with local_settings(home, console):
        count = activation.resolve(settings().dsn, names, was_sent=was_sent, who=who)
    console.print(f"{count} messages {'were sent' if was_sent else 'wait again'}, says {who}", markup=False)


@outbox_app.command()
def resume(channel: str, who: Who, home: Home = _HOME) -> None:
    """Let a channel be called again that its receiver switched off (a webhook's 410), with the next `send`."""
    with local_settings(home, console):
        activation.resume(settings().dsn, channel, who=who)
    console.print(f"{channel} may be called again, says {who}", highlight=False, markup=False)
