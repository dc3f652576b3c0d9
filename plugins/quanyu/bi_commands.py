"""`quanyu bi`: the dashboards of `superset/` on the published marts (docs/bi.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from quanyu.errors import ConfigurationError
from quanyu.local.front import local_settings, sentences
from quanyu.local.processes import stop
from quanyu.local.superset import Superset, make_login
from quanyu.settings import PROJECT, settings

bi_app = typer.Typer(no_args_is_help=True, help="The dashboards on the marts.")

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
