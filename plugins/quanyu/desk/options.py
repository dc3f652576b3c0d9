"""What the commands of the desk share: how things are named, and the way to the warehouse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from psycopg import errors as postgres
from rich.console import Console

from quanyu import warehouse
from quanyu.errors import NeedsPerson
from quanyu.local.front import local_settings
from quanyu.settings import PROJECT, settings
from quanyu.vault import Vault
from quanyu.warehouse import Connection

console = Console()

_ACCOUNT = "An account (type:scope:id or its key), a One-ID, or phone:<number>."
_IDENTIFIER = "type:scope:value, the key of an identifier, or phone:<number>."

Named = Annotated[str, typer.Argument(help=_ACCOUNT, show_default=False)]
Identified = Annotated[str, typer.Argument(help=_IDENTIFIER, show_default=False)]
Who = Annotated[str, typer.Option(help="Who decides; kept with the decision.", show_default=False)]
Why = Annotated[str, typer.Option(help="Why; kept in clear, so without personal values.", show_default=False)]
Day = Annotated[
    dt.datetime | None,
    typer.Option(
        "--date", formats=["%Y-%m-%d"], help="The first business date it holds on.", show_default="the last published"
    ),
]
Home = Annotated[Path, typer.Option(envvar="QUANYUHOME", resolve_path=True, help="The folder of the local stack.")]
HOME = PROJECT / "var"


@contextmanager
def at_desk(home: Path) -> Iterator[tuple[Connection, Vault]]:
    """One transaction on the warehouse, and the vault to tokenise what was typed."""
    with local_settings(home, console):
        try:
            with warehouse.connect(settings().dsn) as connection:
                yield connection, Vault(settings().vault_key_bytes, settings().digests)
        except postgres.InsufficientPrivilege:
            raise NeedsPerson(
                "this user of the warehouse may not do that.",
                remedy="have an administrator run: grant quanyu_steward to <user>.",
            ) from None
