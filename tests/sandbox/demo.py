"""One night, end to end, against the sandbox platforms: `python -m tests.sandbox.demo` (`make demo`).

Starts the platforms, Postgres and Airflow on loopback, runs ingest, transform and activate for one business date
through Airflow, prints the night's report and writes `report.html`. Exits with 1 and the first failed task when
anything failed. Always begins with an empty folder; leaves nothing running unless asked to.
"""

from __future__ import annotations

import time
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from quanyu.errors import QuanyuError
from quanyu.local.console import show_night
from quanyu.report import night_report, render_html, render_terminal
from quanyu.settings import PROJECT
from tests.sandbox.company import Company, running_company

_PATIENCE_SECONDS = 1200


def run(company: Company, business_date: date, console: Console, page: Path) -> bool:
    """One night and its report; whether every task succeeded."""
    is_good = show_night(company.stack, business_date, console, patience=_PATIENCE_SECONDS)
    truth = company.against_truth() if is_good else {}
    night = night_report(company.stack.warehouse_url, business_date, truth=truth)
    render_terminal(night, console)
    render_html(night, page)
    return is_good


def main(
    people: Annotated[int, typer.Option(min=50, help="Size of the brand's world.")] = 2000,
    seed: Annotated[int, typer.Option(help="Another seed is another world.")] = 7,
    date: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The business date.")] = datetime(2026, 11, 20),  # noqa: DTZ001
    keep: Annotated[bool, typer.Option(help="Leave everything running, to look around in Airflow.")] = False,
) -> None:
    """Run one night for a fixed business date against the sandbox platforms."""
    console = Console()
    home, page, began = PROJECT / "var" / "demo", PROJECT / "report.html", time.monotonic()
    page.unlink(missing_ok=True)

    def say(step: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:5.0f} s[/dim]  {step}", highlight=False)

    try:
        with running_company(home, people=people, seed=seed, business_date=date.date(), say=say, keep=keep) as company:
            is_good = run(company, date.date(), console, page)
            if keep:
                api = company.stack.api
                console.print(f"Airflow: {api.url}, user admin, password {api.password}")
                console.print("It stays up until `make down`.")
    except (QuanyuError, RuntimeError) as error:
        console.print(f"[red]{escape(str(error))}", highlight=False)
        raise typer.Exit(1) from None
    console.print(f"{time.monotonic() - began:.0f} s in all. The page: {page.relative_to(PROJECT)}", highlight=False)
    if not is_good:
        console.print(f"[red]The night was not good; the logs are in {(home / 'logs').relative_to(PROJECT)}.")
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
