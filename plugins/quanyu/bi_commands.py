"""`quanyu bi`: the dashboards of `superset/` and the metrics on the published marts (docs/bi.md)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from quanyu import metrics
from quanyu.errors import ConfigurationError
from quanyu.local.front import local_settings, sentences
from quanyu.local.processes import stop
from quanyu.local.superset import Superset, make_login
from quanyu.settings import PROJECT, settings

bi_app = typer.Typer(no_args_is_help=True, help="The dashboards and the metrics on the marts.")

console = Console()

Home = Annotated[Path, typer.Option(envvar="QUANYU_HOME", resolve_path=True, help="The folder of the local stack.")]
_HOME = PROJECT / "var"


@bi_app.command()
def up(home: Home = _HOME) -> None:
    """Start Superset with the dashboards of `superset/`, on this machine only; `make bi` installs it first."""
    with local_settings(home, console), console.status("starting") as status:
        reader = settings().bi_url
        superset = Superset(home, settings().dsn, reader.get_secret_value() if reader else "")
        superset.up(lambda step: status.update(f"starting: {step}"))
    console.print(f"Superset {superset.url}  user admin, password {superset.admin_password}", highlight=False)


@bi_app.command()
def down(home: Home = _HOME) -> None:
    """Stop Superset; `make down` stops it with everything else."""
    with sentences(console), console.status("stopping"):
        stop([Superset(home, "").process])


@bi_app.command()
def login(home: Home = _HOME) -> None:
    """Make, or renew, the login that QUANYU_BI_URL names: it reads the marts and nothing else."""
    with local_settings(home, console):
        reader = settings().bi_url
        if reader is None:
            raise ConfigurationError("QUANYU_BI_URL is not set.", remedy="name the login there; see docs/bi.md.")
        name = make_login(settings().dsn, reader.get_secret_value())
    console.print(f"{name} reads the marts", highlight=False)


@bi_app.command()
def ask(
    names: Annotated[list[str], typer.Argument(metavar="METRIC...", help="As in docs/marts-reference.md.")],
    *,
    by: Annotated[list[str] | None, typer.Option(help="What to tell apart: metric_time__month, channel.")] = None,
    where: Annotated[list[str] | None, typer.Option(help="What must hold, in MetricFlow's words.")] = None,
    order: Annotated[list[str] | None, typer.Option(help="A metric or what is told apart, -so for falling.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="So many rows at most.")] = None,
    sql: Annotated[bool, typer.Option("--sql", help="Print the query and do not run it.")] = False,
    home: Home = _HOME,
) -> None:
    """Ask the published marts for metrics."""
    question = metrics.Question(metrics=names, by=by or (), where=where or (), order=order or (), limit=limit)
    with local_settings(home, console):
        reader = settings().bi_url
        dsn = reader.get_secret_value() if reader else settings().dsn
        query = metrics.sql(metrics.engine(dsn, settings().home / "dbt" / "metrics"), question)
        if sql:
            typer.echo(query)
            return
        columns, rows = metrics.answer(dsn, query)
    table = Table(*columns)
    for row in rows:
        table.add_row(*(_said(value) for value in row))
    console.print(table)


def _said(value: object) -> str:
    """Days without a time, numbers with at most four decimals."""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, Decimal | float):
        return f"{value:,.4f}".rstrip("0").rstrip(".")
    return "" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
