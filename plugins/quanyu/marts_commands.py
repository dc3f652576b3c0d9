"""`quanyu marts`: the marts as people read about them."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from quanyu.local.front import sentences
from quanyu.marts_docs import complaints, pages, read_marts
from quanyu.settings import PROJECT

marts_app = typer.Typer(no_args_is_help=True, help="The marts as people read about them.")

console = Console()


@marts_app.callback()
def _group() -> None:
    """The marts as people read about them."""


@marts_app.command()
def docs(
    check: Annotated[bool, typer.Option(help="Write nothing; exit with 1 when a page is out of date.")] = False,
) -> None:
    """Write docs/marts-reference.md and the columns of Superset's datasets from the models."""
    with sentences(console):
        stale = {path: text for path, text in pages().items() if not path.exists() or path.read_text() != text}
    for path, text in stale.items():
        if not check:
            path.write_text(text, encoding="utf-8")
        console.print(f"{path.relative_to(PROJECT)} {'is out of date' if check else 'written'}", highlight=False)
    for complaint in (complaint for mart in read_marts() for complaint in complaints(mart)):
        console.print(f"[yellow]{complaint}", highlight=False)
    if check and stale:
        raise typer.Exit(1)
