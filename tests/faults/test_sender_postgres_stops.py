"""Postgres stops at once (`pg_ctl stop -m immediate`) at seeded points of a send or a settle, and is started again.

The server runs as it is shipped: outcomes are committed without waiting for the disk and may be forgotten, claims are
not. So what was delivered may look as if it were under way, and never as if nobody had tried.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from quanyu import warehouse
from quanyu.errors import QuanyuError
from quanyu.local.postgres import EmbeddedPostgres
from tests.faults.kill import ours
from tests.faults.kill.points import numbered
from tests.faults.kill.provider import Platforms
from tests.faults.kill.stage import Stage, kinds

SEED = 6
POINTS = 50
PEOPLE = 7


@dataclass
class Shipped:
    """A server with our own settings and a stage per channel on it."""

    server: EmbeddedPostgres
    platforms: Platforms
    stages: dict[str, Stage] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with warehouse.connect(self.server.url()) as connection:
            warehouse.migrate(connection)
        for name, kind in kinds(largest_batch=4).items():
            with psycopg.connect(self.server.url("postgres"), autocommit=True) as connection:
                connection.execute(f"create database {name} template quanyu")
            self.stages[name] = Stage(self.server.url(name), self.platforms, kind, PEOPLE)

    def crash(self) -> None:
        """Every backend dies where it is; what was not written to disk is gone."""
        self.server._run("pg_ctl", "-D", self.server.folder / "data", "-m", "immediate", "-w", "stop")

    def recover(self) -> None:
        """Start again, on another port."""
        self.server.start()
        for name, stage in self.stages.items():
            stage.dsn = stage.night.dsn = self.server.url(name)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shipped]:
    folder: Path = tmp_path_factory.mktemp("shipped")
    server = EmbeddedPostgres(folder).start()
    with Platforms() as platforms:
        yield Shipped(server, platforms)
    server.stop()


def points_of(stage: Stage, *, was_cut: bool) -> list[str]:
    labels: list[str] = []
    ours.begin(stage, was_cut=was_cut)
    with numbered(lambda _, label: labels.append(label)):
        ours.attempt(stage)
    return labels


def test_no_stop_of_the_server_loses_or_doubles_a_message(shipped: Shipped) -> None:
    everywhere = [
        (name, was_cut, number, label)
        for name, stage in shipped.stages.items()
        for was_cut in (False, True)
        for number, label in enumerate(points_of(stage, was_cut=was_cut))
    ]
    hit, wrong = 0, []
    for name, was_cut, number, label in random.Random(SEED).sample(everywhere, POINTS):
        stage = shipped.stages[name]
        ours.begin(stage, was_cut=was_cut)

        def crash(passed: int, _: str, at: int = number) -> None:
            if passed == at:
                shipped.crash()

        try:
            with numbered(crash):
                ours.attempt(stage)
        except (psycopg.Error, QuanyuError):
            hit += 1
        shipped.recover()
        ours.finish(stage)
        outcome = stage.outcome(stage.states())
        if outcome.lost or outcome.doubled or outcome.wrong:
            wrong.append(f"{name} {number} {label}: {outcome}")
    assert not wrong
    assert hit > POINTS // 2, "most stops end the attempt"
