"""`quanyu source`: the systems we read. What is installed, what a declaration of one's own understands, a new one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from quanyu import discovery
from quanyu.contracts import Connection
from quanyu.declared import Declaration, declared_source, read_declaration
from quanyu.declared.sample import Sample, look
from quanyu.declared.scaffolding import scaffold_source, scaffold_staging
from quanyu.errors import ConfigurationError, QuanyuError
from quanyu.settings import PROJECT, environment_connection
from quanyu.sources import run_alone

source_app = typer.Typer(no_args_is_help=True, help="The systems we read.")

console = Console()

_TITLES = ("column", "header", "type", "personal", "filled", "form of a value")

Day = Annotated[datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="The business date.")]
_AnyDay = Annotated[datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="Instead of the newest day.")]


@source_app.command("run")
def run(name: str, date: Day, entity: Annotated[str, typer.Option(help="Only this entity.")] = "") -> None:
    """Read one day of a source and print counts and a masked record; needs AIRFLOW_CONN_QUANYU_<NAME> only."""
    found = discovery.sources().get(name)
    if found is None:
        raise typer.BadParameter(f"there is no source {name!r}; known are {', '.join(discovery.sources())}")
    run_alone(found, ["--date", str(date.date()), *(["--entity", entity] if entity else [])])


@source_app.command("list")
def list_sources() -> None:
    """Show what is installed and which connections the environment has (those inside Airflow are not seen from here).

    Exits with 1 when a file of QUANYU_SOURCES has a mistake.
    """
    table = Table("source", "connection", "from", "entities")
    with _said():
        shipped, own = discovery.shipped_sources(), discovery.own_sources()
    usable = {source.name: str(path) for path, source in own.items() if not isinstance(source, ConfigurationError)}
    for source in discovery.sources().values():
        if source.name in shipped or source.name in usable:
            is_on = environment_connection(source.name) is not None
            origin = "the project" if source.name in shipped else usable[source.name]
            entities = ", ".join(f"{entity.name} ({entity.mode})" for entity in source.entities)
            table.add_row(source.name, "[green]on" if is_on else "-", escape(origin), entities)
    console.print(table)
    mistakes = [error for error in own.values() if isinstance(error, ConfigurationError)]
    for error in mistakes:
        console.print(f"[red]{escape(str(error))}", highlight=False, soft_wrap=True)
    if mistakes:
        raise typer.Exit(1)


@source_app.command("check")
def check(
    file: Annotated[Path, typer.Argument(help="The YAML file of a source.")],
    connection: Annotated[str, typer.Option(help="AIRFLOW_CONN_QUANYU_<this>; left out: the source's own.")] = "",
    folder: Annotated[Path | None, typer.Option(help="Look at files in this folder instead.")] = None,
    sample: Annotated[int, typer.Option(min=1, help="How many rows of each entity are read.")] = 1_000,
    date: _AnyDay = None,
) -> None:
    """Say what a declaration understands: of the file itself and, where there is a connection, of a sample of rows.

    Exits with 1 when something would cost the source its night. Texts, and whatever looks personal, are shown by
    their form only.
    """
    with _said():
        declaration = read_declaration(file)
        source = declared_source(file)
        where = _connection(declaration, connection, folder)
    problems = _name_problems(declaration, file)
    for problem in problems:
        console.print(f"[red]{escape(problem)}", highlight=False, soft_wrap=True)
    if where is None:
        _show_declaration(declaration)
        console.print(
            f"{declaration.name} reads as a source. To look at rows, set AIRFLOW_CONN_QUANYU_{declaration.name.upper()}"
            " or give --folder.",
            highlight=False,
            soft_wrap=True,
        )
    else:
        with _said(), source.connect(where) as client:
            for entity in declaration.entities:
                seen = look(declaration, entity, client, limit=sample, day=date.date() if date else None)
                _show(declaration, seen)
                problems += seen.problems
    if problems:
        raise typer.Exit(1)


@source_app.command("scaffold")
def scaffold(
    name: Annotated[str, typer.Argument(help="What the new source is called; with --from, left out.")] = "",
    declared: Annotated[Path | None, typer.Option("--from", help="Write the staging models of this YAML file.")] = None,
    into: Annotated[Path, typer.Option(help="The checkout to write into.")] = PROJECT,
) -> None:
    """Write the folders of a new source, never over what is there: code, staging models, sandbox, world and truth.

    With --from FILE.yml only the staging models: a declared source needs no code.
    """
    with _said():
        if bool(name) == (declared is not None):
            raise ConfigurationError("say either a name or --from.", remedy="`quanyu source scaffold crm`.")
        written = scaffold_staging(read_declaration(declared), into) if declared else scaffold_source(name, into)
    for path in written:
        console.print(str(path.relative_to(into)), highlight=False, soft_wrap=True)
    if not declared:
        console.print(f"Now: pytest tests/conformance/test_sources.py -k {name} says what is left to write.")


def _connection(declaration: Declaration, name: str, folder: Path | None) -> Connection | None:
    if folder is not None:
        if not folder.is_dir():
            raise ConfigurationError(f"{folder} is no folder.", remedy="name a folder with some of the files.")
        return Connection(name=declaration.name, url=folder.resolve().as_uri())
    where = environment_connection(name or declaration.name)
    if where is None and name:
        raise ConfigurationError(
            f"AIRFLOW_CONN_QUANYU_{name.upper()} is not set.", remedy="set it, or leave --connection out."
        )
    return replace(where, name=declaration.name) if where else None


def _name_problems(declaration: Declaration, file: Path) -> list[str]:
    """What would keep a file of a brand's own out of the list of sources."""
    if file.resolve().is_relative_to(PROJECT / "plugins"):
        return []
    if declaration.name in discovery.shipped_sources():
        return [f"a source {declaration.name} comes with the project: give yours another name."]
    return [] if file.stem == declaration.name else [f"the file must be called {declaration.name}.yml, as its source."]


def _show_declaration(declaration: Declaration) -> None:
    table = Table("entity", "from", "mode", "key", "columns", "personal", title=declaration.name)
    for name, said in declaration.entities.items():
        personal = ", ".join(column for column, of in said.columns.items() if of.personal)
        origin = said.files or f"table {said.table}"
        key, count = ", ".join(said.key), str(len(said.columns))
        table.add_row(name, escape(origin), said.mode, escape(key), count, escape(personal))
    console.print(table)


def _show(declaration: Declaration, seen: Sample) -> None:
    title = f"{declaration.name}.{seen.entity}: {seen.rows} rows of {seen.where or 'nothing'}"
    table = Table(*_TITLES, title=escape(title), title_justify="left")
    for column in seen.columns:
        kind = column.type or "[yellow]not declared"
        said = (escape(text) for text in (column.name, column.header))
        table.add_row(*said, kind, column.personal, str(column.filled), escape(column.example))
    console.print(table)
    for colour, texts in (("red", seen.problems), ("yellow", seen.warnings)):
        for text in texts:
            console.print(f"[{colour}]{escape(text)}", highlight=False, soft_wrap=True)


@contextmanager
def _said() -> Iterator[None]:
    """Say in a sentence what is wrong, and exit with 1."""
    try:
        yield
    except QuanyuError as error:
        console.print(f"[red]{escape(str(error))}", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
