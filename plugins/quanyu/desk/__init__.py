"""`quanyu identity`: the steward's desk. Why two accounts are one person or two, what waits, and what was decided.

`quanyu identity plan` in front of a decision shows what it would change and takes nothing down.
"""

from __future__ import annotations

import typer

from quanyu.desk.deciding import deciding_app
from quanyu.desk.reading import reading_app

__all__ = ["identity_app"]

identity_app = typer.Typer(no_args_is_help=True, help="The steward's desk: who is one person, and why.")
identity_app.add_typer(reading_app)
identity_app.add_typer(deciding_app)
