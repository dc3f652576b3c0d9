"""`python -m tests.faults.kill` prints the tables and writes var/faults/kill.json; see docs/kill-test.md."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from psycopg import sql
from rich.console import Console

from quanyu import warehouse
from quanyu.local.postgres import EmbeddedPostgres
from quanyu.settings import PROJECT
from tests.faults.kill import report
from tests.faults.kill.contest import Ours, Tally, every_point, every_stop, random_kills, two_at_once
from tests.faults.kill.losing_designs import DESIGNS, Losing
from tests.faults.kill.provider import Provider
from tests.faults.kill.stage import Stage, kinds

SMALL_BATCH, LARGE_BATCH = 4, 20
PAIRS = 5

# Here senders die, not the server: it need not wait for the disk.
_FLAGS = {"fsync": "off", "full_page_writes": "off"}


def main(
    messages: Annotated[int, typer.Option(help="Messages of the night of random kills, for each design.")] = 8_000,
    kills: Annotated[int, typer.Option(help="Random kills, for each design.")] = 200,
    small: Annotated[int, typer.Option(help="Messages of the night whose every point is died at.")] = 7,
    *,
    short: Annotated[bool, typer.Option("--short", help="Leave out points that are much like others.")] = False,
    seed: Annotated[int, typer.Option(help="Another seed kills elsewhere.")] = 1,
    out: Annotated[Path, typer.Option(help="Where the figures go.")] = PROJECT / "var" / "faults" / "kill.json",
) -> None:
    """Kill the sender wherever it can die, and ask its platforms who got what."""
    console, began = Console(width=max(Console().width, 110)), time.monotonic()
    out.parent.mkdir(parents=True, exist_ok=True)

    def say(what: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:5.0f} s[/dim]  {what}", highlight=False)

    # Outside of var/: Postgres runs as another user when we are root, who may not look into a closed home.
    with tempfile.TemporaryDirectory(prefix="quanyu-kill-") as folder, Provider() as provider:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "postgres", _FLAGS).start()
        try:
            _prepare(server)
            contest = _Contest(server=server, provider=provider, say=say)
            points, stops, pairs = contest.small_nights(small, is_short=short)
            random, losing = contest.large_nights(messages, kills, seed)
        finally:
            server.stop()
    console.print(report.table("dying at every point of a small night", "kills", points))
    console.print(report.table("stopping at every point, waking late", "stops", stops))
    console.print(report.table("two attempts of one task at once", "pairs", pairs))
    console.print(report.table("dying at random", "kills", [*random, *losing]))
    flat = report.figures(random, points, stops, pairs, losing)
    out.write_text(json.dumps(flat, indent=2) + "\n", encoding="utf-8")
    console.print(str(out))
    wrong = [what for tally in (*points, *stops, *pairs, *random) for what in tally.wrong]
    for what in wrong:
        console.print(f"[red]{what}", highlight=False)
    if wrong:
        raise typer.Exit(1)


def _prepare(server: EmbeddedPostgres) -> None:
    """The template of every night's database, and a password that takes no time to check."""
    with warehouse.connect(server.url()) as connection:
        warehouse.migrate(connection)
        # A sender that lives for a tenth of a second opens a dozen connections, and each hashes 4,096 times.
        connection.execute("set local scram_iterations = 1")
        password = psycopg.conninfo.conninfo_to_dict(server.url())["password"]
        connection.execute(sql.SQL("alter user quanyu password {}").format(sql.Literal(str(password))))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contest:
    server: EmbeddedPostgres
    provider: Provider
    say: Callable[[str], None]

    def small_nights(self, messages: int, *, is_short: bool) -> tuple[list[Tally], list[Tally], list[Tally]]:
        """Every point, every stop and pairs, for each ability."""
        points, stops, pairs = [], [], []
        died, stopped = (set[str](), set[str]()) if is_short else (None, None)
        for name, kind in kinds(SMALL_BATCH).items():
            stage = Stage(self._database(f"small_{name}"), self.provider, kind, messages)
            points.append(every_point(stage, name, died))
            self.say(f"{name}: died at {points[-1].kills} points")
            stops.append(every_stop(stage, name, stopped))
            self.say(f"{name}: stopped at {stops[-1].kills} points")
            pairs.append(two_at_once(stage, name, PAIRS))
        return points, stops, pairs

    def large_nights(self, messages: int, kills: int, seed: int) -> tuple[list[Tally], list[Tally]]:
        """Random kills, for each ability and each losing design; those on the channel that promises nothing."""
        random, losing = [], []
        for name, kind in kinds(LARGE_BATCH).items():
            stage = Stage(self._database(f"large_{name}"), self.provider, kind, messages)
            random.append(random_kills(Ours(stage), name, kills, seed))
            self.say(f"{name}: {random[-1].kills} random kills")
        # The last channel is the one that promises nothing: nobody but the sender can keep a message from doubling.
        for name, design in DESIGNS.items():
            losing.append(random_kills(Losing(stage, design), name, kills, seed))
            self.say(f"{name}: {losing[-1].kills} random kills")
        return random, losing

    def _database(self, name: str) -> str:
        with psycopg.connect(self.server.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("create database {} template quanyu").format(sql.Identifier(name)))
        return self.server.url(name)


if __name__ == "__main__":
    typer.run(main)
