"""What a steward decides, and `plan` in front of it: what it would change, with nothing taken down."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from quanyu.desk.options import HOME, Day, Home, Identified, Named, Who, Why, at_desk, console
from quanyu.local.front import local_settings
from quanyu.settings import settings
from quanyu.stewardship import decisions, terminal
from quanyu.stewardship.decisions import Decision
from quanyu.stewardship.effects import effects
from quanyu.stewardship.entry import Entry, published_date
from quanyu.stewardship.nouns import command
from quanyu.warehouse import Connection

deciding_app = typer.Typer()
plan_app = typer.Typer(help="Show what rules, or the decision that follows, would change; nothing is taken down.")
deciding_app.add_typer(plan_app, name="plan", invoke_without_command=True)


@dataclass(frozen=True, slots=True)
class _Plan:
    """That what follows is planned, not taken, and with which rules."""

    identifier_types: Path | None
    blocked_values: Path | None
    rows: Path | None


@deciding_app.command()
@plan_app.command()
def same(
    context: typer.Context, one: Named, other: Named, *, who: Who, why: Why, date: Day = None, home: Home = HOME
) -> None:
    """Decide that two accounts are one person, whatever speaks against it."""
    _decide(context, lambda entry: [entry.pair("same", one, other)], who=who, why=why, date=date, home=home)


@deciding_app.command()
@plan_app.command()
def never_same(
    context: typer.Context, one: Named, other: Named, *, who: Who, why: Why, date: Day = None, home: Home = HOME
) -> None:
    """Decide that two accounts are never one person, whatever ties them."""
    _decide(context, lambda entry: [entry.pair("never_same", one, other)], who=who, why=why, date=date, home=home)


@deciding_app.command()
@plan_app.command()
def split(
    context: typer.Context,
    person: Named,
    *,
    off: Annotated[list[str], typer.Option(help="An account that is somebody else's; repeat it for each.")],
    who: Who,
    why: Why,
    date: Day = None,
    home: Home = HOME,
) -> None:
    """Take accounts off a person: both sides stay together, and the two are never one again."""
    _decide(context, lambda entry: [entry.split(person, off)], who=who, why=why, date=date, home=home)


@deciding_app.command()
@plan_app.command()
def quarantine(
    context: typer.Context, identifier: Identified, *, who: Who, why: Why, date: Day = None, home: Home = HOME
) -> None:
    """Decide that an identifier is nobody's own and joins nobody."""
    _decide(context, lambda entry: entry.about("quarantine", identifier), who=who, why=why, date=date, home=home)


@deciding_app.command()
@plan_app.command()
def trust(
    context: typer.Context, identifier: Identified, *, who: Who, why: Why, date: Day = None, home: Home = HOME
) -> None:
    """Decide that a suspected identifier is one person's after all."""
    _decide(context, lambda entry: entry.about("trust", identifier), who=who, why=why, date=date, home=home)


@deciding_app.command()
@plan_app.command()
def revoke(
    context: typer.Context,
    decision_id: Annotated[str, typer.Argument(help="As `decisions` lists it.", show_default=False)],
    *,
    who: Who,
    date: Day = None,
    home: Home = HOME,
) -> None:
    """Take a decision back: later builds see it no more, and it stays on record."""
    asked = context.find_object(_Plan)
    if asked:
        _plan(home, asked, revoked=[decision_id])
        return
    with at_desk(home) as (connection, _):
        if decisions.revoke(connection, decision_id, who, date.date() if date else published_date(connection)):
            terminal.say(console, f"{decision_id} is revoked. The next build goes by the evidence again.")
        else:
            terminal.say(console, f"Nothing changes: {decision_id} was revoked before.")


@plan_app.callback()
def plan(
    context: typer.Context,
    identifier_types: Annotated[
        Path | None, typer.Option(help="Instead of seeds/identity_identifier_types.csv.")
    ] = None,
    blocked_values: Annotated[Path | None, typer.Option(help="Instead of seeds/identity_blocked_values.csv.")] = None,
    rows: Annotated[Path | None, typer.Option("--json", help="Write every row that changes here.")] = None,
    home: Home = HOME,
) -> None:
    """Show what the rules in these files, or the decision that follows, would change; nothing is taken down."""
    context.obj = _Plan(identifier_types, blocked_values, rows)
    if context.invoked_subcommand is None:
        _plan(home, context.obj)


def _decide(
    context: typer.Context,
    make: Callable[[Entry], list[Decision]],
    *,
    who: str,
    why: str,
    date: dt.datetime | None,
    home: Path,
) -> None:
    """Take the decisions, all or none; only plan them where that was asked."""
    asked = context.find_object(_Plan)
    with at_desk(home) as (connection, vault):
        proposed = make(Entry(connection=connection, vault=vault, who=who, why=why, starts=date and date.date()))
        told = [] if asked else [line for decision in proposed for line in _take(connection, decision)]
    if asked:
        _plan(home, asked, proposed)
        return
    for line in told:
        terminal.say(console, line)


def _take(connection: Connection, decision: Decision) -> Iterable[str]:
    decisions.validate(connection, decision)
    before = decisions.said_before(connection, decision)
    if before:
        return [f"Nothing changes, this was decided on {before.effective_on}: {before}"]
    told = effects(connection, decision)
    decisions.store(connection, decision)
    begins = f"It begins with the build of {decision.effective_on}, or the next one if that is over."
    see = f"What it changes: {command('plan')}. To take it back: {command('revoke', decision.decision_id)}"
    return [f"Decided: {decision}", *told, begins, see]


def _plan(home: Path, asked: _Plan, proposed: Iterable[Decision] = (), revoked: Iterable[str] = ()) -> None:
    from quanyu.stewardship.preview import preview
    from quanyu.stewardship.preview_terminal import show

    with local_settings(home, console):
        found = preview(
            settings().dsn,
            decisions=list(proposed),
            revoked=list(revoked),
            identifier_types=asked.identifier_types,
            blocked_values=asked.blocked_values,
        )
        show(found, console, asked.rows)
