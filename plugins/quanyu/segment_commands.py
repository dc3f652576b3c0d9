"""`quanyu segment`: look at segments and what they would do, before anybody hears from us."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from quanyu.contracts import SHANGHAI
from quanyu.dbt_command import DBT_PROJECT
from quanyu.local.front import local_settings, sentences
from quanyu.segments import PersonView, Preview, overlap, preview, scaffold, why
from quanyu.settings import PROJECT, settings

segment_app = typer.Typer(no_args_is_help=True, help="Segments: what they would do, and to whom.")

console = Console()

Home = Annotated[Path, typer.Option(envvar="QUANYU_HOME", resolve_path=True, help="The folder of the local stack.")]
_HOME = PROJECT / "var"
_TOKEN = re.compile(r"([a-z]{2}_[0-9a-f]{4})[0-9a-f]{28}")


@segment_app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="What it is called, with or without seg_.")],
    owner: Annotated[str, typer.Option(help="Who answers for it.")] = "crm",
    channel: Annotated[str, typer.Option(help="The channel it begins with.")] = "wecom_broadcast",
    project: Annotated[Path, typer.Option(help="The dbt project to write into.")] = DBT_PROJECT,
) -> None:
    """Write a segment's file, its contract and its unit test, to be edited; nothing that exists is written over."""
    with sentences(console):
        for path in scaffold(name, owner, channel, project):
            console.print(str(path), highlight=False, soft_wrap=True)
    console.print(f"Now write the rule, then `quanyu segment preview {name}`.", highlight=False)


@segment_app.command("preview")
def show_preview(name: str, home: Home = _HOME) -> None:
    """Show size, sample, overlap, who would get it and who would not and why, and the change; sends nothing."""
    with local_settings(home, console), console.status("planning the published night, to be taken back"):
        found = preview(settings().dsn, name if name.startswith("seg_") else f"seg_{name}", settings().vault_key_bytes)
    _show_preview(found)


@segment_app.command("overlap")
def show_overlap(home: Home = _HOME) -> None:
    """Show how many people each two published segments share; the row's priority wins over those below it."""
    with local_settings(home, console):
        found = overlap(settings().dsn)
    names = list(found.sizes)
    table = Table("segment", "people", *(name.removeprefix("seg_") for name in names))
    for name in names:
        shared = ("·" if other == name else str(found.of(name, other) or "") for other in names)
        table.add_row(name, str(found.sizes[name]), *shared)
    console.print(table)


@segment_app.command("why")
def show_why(one_id: str, home: Home = _HOME) -> None:
    """Say in which segments somebody is and was, what was decided, what was sent, and what they agreed to."""
    with local_settings(home, console):
        found = why(settings().dsn, one_id)
    _show_person(found)


def _show_preview(found: Preview) -> None:
    definition = found.definition
    say(f"[bold]{found.segment}[/] as its file stands, on the published night {found.business_date}; nothing is sent.")
    say(f"{escape(definition.why)} (owner {escape(definition.owner)}, purpose {definition.purpose})")
    change = "new" if found.joined is None else f"{found.joined} came, {found.left} went since the last night"
    say(f"audience {found.audience} ({change})")
    if found.held:
        say(f"[yellow]would wait for approval: {escape(found.held)}")
    table = Table("outcome", "channel", "why", "people")
    for (outcome, channel, detail), people in found.outcomes.most_common():
        table.add_row(outcome, channel, escape(detail), str(people))
    console.print(table)
    if found.overlap:
        shared = ", ".join(f"{other} {people}" for other, people in found.overlap.items())
        say(f"shares people with {shared}")
    for row in found.sample:
        say("  " + ", ".join(f"{column} {escape(masked(value))}" for column, value in row.items()))


def masked(value: Any) -> str:
    """A value as a terminal may show it: of a token only what tells two apart."""
    return _TOKEN.sub(r"\1…", str(value))


def _show_person(found: PersonView) -> None:
    if found.one_id != found.asked:
        say(f"{escape(found.asked)} is called {escape(found.one_id)} today.")
    stays = Table("segment", "from", "to", "last decision", "outcome", "channel", "why", title="Segments")
    for stay in found.stays:
        until = f"{stay.exited_on} ({stay.exited_because})" if stay.exited_on else "is in it"
        since = f"{stay.entered_on} ({stay.entered_because})"
        stays.add_row(stay.segment, since, until, str(stay.decided_on), stay.outcome, stay.channel, escape(stay.detail))
    messages = Table("date", "segment", "channel", "state", "why", "code", "since", title="Messages")
    for sent in found.messages:
        since = f"{sent.changed_at.astimezone(SHANGHAI):%m-%d %H:%M}"
        said = (str(sent.business_date), sent.segment, sent.channel, sent.state, escape(sent.reason), escape(sent.code))
        messages.add_row(*said, since)
    permissions = Table("channel", "addresses", "purpose", "agreed", "since", "source", "text", title="Permissions")
    for one in found.permissions:
        agreed = {None: "never asked", True: "yes", False: "no"}[one.is_granted]
        if one.opted_out_at:
            agreed = f"opted out {one.opted_out_at.astimezone(SHANGHAI):%F}"
        since = f"{one.decided_at.astimezone(SHANGHAI):%F}" if one.decided_at else ""
        permissions.add_row(one.channel, str(one.addresses), one.purpose, agreed, since, one.source, one.text_version)
    for table in (stays, messages, permissions):
        console.print(table)


def say(text: str) -> None:
    """Print a line as it is, without guessing at its parts."""
    console.print(text, highlight=False, soft_wrap=True)
