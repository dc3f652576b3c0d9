"""A warehouse with a history in it, and the layers of Quanyu built in it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.identity.server import Server
from benchmarks.marts import history
from quanyu import dbt, dbt_command, landing, marts_state, warehouse
from quanyu.dbt_command import DBT_PROJECT

_STAGING = ("path:models/staging/tmall", "path:models/staging/tracking")


@dataclass(frozen=True, slots=True)
class Timed:
    """Seconds of a build: all of it, and each of its models (four are built at a time)."""

    seconds: float
    models: dict[str, float]


@dataclass(frozen=True)
class House:
    """A warehouse on a server, with a folder for what dbt writes."""

    server: Server
    folder: Path

    def dbt(self, night: date, *command: str, is_delta: bool = False) -> Any:
        """Run a command of dbt; its outcome."""
        variables = {"business_date": night.isoformat()}
        outcome = dbt_command.invoke(command, self.server.url, self.folder, variables, is_delta=is_delta)
        if not outcome.success:
            raise RuntimeError([(result.node, result.message) for result in dbt.failed(outcome)] or outcome.exception)
        return outcome

    def open(self, night: date, size: history.Size) -> float:
        """Make the tables of every source, all layers below the marts on nothing, and land a history; as `land`."""
        with warehouse.connect(self.server.url) as connection:
            warehouse.migrate(connection)
            landing.prepare(connection)
            connection.execute(history.HELPERS)
        self.dbt(night, "seed")
        self.dbt(night, "run", "--select", "path:models/staging", "path:models/identity")
        return self.land(night, history.NOTHING, size)

    def land(self, night: date, before: history.Size, after: history.Size) -> float:
        """Let a history grow to a size; seconds of the staging models that it passes."""
        with warehouse.connect(self.server.url) as connection:
            history.write(connection, night, before, after)
        self.server.execute(
            *(f"vacuum analyze {table}" for table in (
                "raw.tmall__trades", "raw.tracking__events", "identity.bridge_account_customer",
                "identity.int_identity__accounts", "identity.int_identity__components",
            ))
        )  # fmt: skip
        marts_state.remember_staged(self.server.url, night)
        began = time.perf_counter()
        self.dbt(night, "run", "--select", *_STAGING)
        return time.perf_counter() - began

    def build(self, night: date, *, anew: bool = False) -> Timed:
        """Build the marts as a night does.

        Raises RuntimeError naming the models that failed, or when a night does not go on from the one before.
        """
        if anew:
            self.server.execute("delete from ops.marts_build")
        with marts_state.continued(self.server.url, DBT_PROJECT, night) as is_delta:
            if is_delta is anew:
                raise RuntimeError("a night was built anew, or a rebuild was not")
            began = time.perf_counter()
            outcome = self.dbt(night, "run", "--select", "path:models/marts", is_delta=is_delta)
            seconds = time.perf_counter() - began
        return Timed(seconds, {result.node.name: result.execution_time for result in outcome.result.results})

    def test(self, night: date) -> float:
        """Seconds of the tests of the marts, keys and truths; they look at whole tables every night."""
        began = time.perf_counter()
        options = ("--indirect-selection", "buildable", "--exclude-resource-type", "unit_test")
        self.dbt(night, "test", "--select", "path:models/marts", *options)
        return time.perf_counter() - began
