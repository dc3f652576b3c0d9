"""What every command does first and last: find the warehouse of this machine, and turn an error into a sentence."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape

from quanyu.errors import ConfigurationError, QuanyuError
from quanyu.local.stack import Stack


@contextmanager
def local_settings(home: Path, console: Console) -> Iterator[None]:
    """Let `settings()` see the warehouse and the vault key of the local stack where the environment has none."""
    with sentences(console):
        if not (os.environ.get("QUANYU_WAREHOUSE_URL") and os.environ.get("QUANYU_VAULT_KEY")):
            ours = Stack(home).environment()
            for key in ("QUANYU_HOME", "QUANYU_WAREHOUSE_URL", "QUANYU_VAULT_KEY"):
                os.environ[key] = ours[key]
        yield


@contextmanager
def sentences(console: Console) -> Iterator[None]:
    """Say what we foresaw in one sentence. Raises typer.Exit: with 2 for what was asked wrong, else with 1."""
    try:
        yield
    except QuanyuError as error:
        console.print(f"[red]{escape(str(error))}", highlight=False, soft_wrap=True)
        raise typer.Exit(2 if isinstance(error, ConfigurationError) else 1) from None
