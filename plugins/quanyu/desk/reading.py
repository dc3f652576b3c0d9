"""What a steward looks at: why two accounts are one person, who somebody was on a day, what waits, what was decided."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from quanyu.desk.options import HOME, Home, Named, at_desk, console
from quanyu.local.front import local_settings, sentences
from quanyu.proposals import propose
from quanyu.settings import settings
from quanyu.stewardship import decisions, terminal
from quanyu.stewardship.backlog import backlog
from quanyu.stewardship.entry import published_date
from quanyu.stewardship.explain import explain
from quanyu.stewardship.naming import find_account
from quanyu.stewardship.picture import write
from quanyu.stewardship.spells import owners_on
from quanyu.vault import Vault

reading_app = typer.Typer()


@reading_app.command("explain")
def explain_command(
    one: Named,
    other: Named,
    svg: Annotated[Path | None, typer.Option(help="Draw the neighbourhood of both into this file.")] = None,
    home: Home = HOME,
) -> None:
    """Say why two accounts are one person, or what keeps them apart."""
    with at_desk(home) as (connection, vault):
        left, right = find_account(connection, one, vault), find_account(connection, other, vault)
        explanation = explain(connection, left, right, published_date(connection))
    terminal.show_explanation(explanation, console)
    if svg:
        with sentences(console):
            write(explanation, svg)


@reading_app.command()
def queue(limit: Annotated[int, typer.Option(min=1, help="How many to show.")] = 20, home: Home = HOME) -> None:
    """Show what waits for a steward, most harmful first, each with the commands that settle it."""
    with at_desk(home) as (connection, _):
        waiting = backlog(connection, published_date(connection), limit)
    terminal.show_backlog(waiting, console)


@reading_app.command("decisions")
def list_decisions(home: Home = HOME) -> None:
    """List every decision, also those that were revoked."""
    with at_desk(home) as (connection, _):
        found = decisions.taken(connection)
    terminal.show_decisions(found, console)


@reading_app.command()
def who(
    name: Named,
    on: Annotated[dt.datetime, typer.Option(formats=["%Y-%m-%d"], help="The day that is asked about.")],
    home: Home = HOME,
) -> None:
    """Say who somebody was on a day: the One-ID that each of their identifiers stood for then, and stands for now."""
    with at_desk(home) as (connection, vault):
        owners = owners_on(connection, name, on.date(), vault)
    terminal.show_owners(owners, on.date(), console)


@reading_app.command("propose")
def propose_command(
    date: Annotated[dt.datetime, typer.Option(formats=["%Y-%m-%d"], help="The business date that identity stands at.")],
    home: Home = HOME,
) -> None:
    """Compare names and addresses of store members without a phone with WeCom contacts; needs the extra splink."""
    with local_settings(home, console):
        found = propose(settings().dsn, Vault(settings().vault_key_bytes, settings().digests), date.date())
    terminal.say(
        console,
        f"{found.pairs} pairs proposed among {found.members} members without a tie and {found.contacts} contacts"
        f" (model {found.model}). `queue` shows them; identity believes them only with identity_use_proposals.",
    )
