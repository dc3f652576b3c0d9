"""The whole company on loopback for a while: the platforms, Postgres, Airflow. The demo and the end-to-end test."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import psycopg
from psycopg import sql

from quanyu import warehouse
from quanyu.contracts import SHANGHAI
from quanyu.local.environment import Secrets, metadata_database, write_private
from quanyu.local.processes import Process, free_port, sigterm_like_ctrl_c
from quanyu.local.stack import Stack
from quanyu.settings import PROJECT
from quanyu.vault import Vault
from tests.sandbox.clear import in_clear, revealed
from tests.sandbox.world.score import score
from tests.sandbox.world.systems import alliance

Say = Callable[[str], None]


@dataclass(frozen=True)
class Company:
    """A running stack and the sandbox it reads from and sends to."""

    stack: Stack
    state: Mapping[str, Any]

    @cached_property
    def control(self) -> httpx.Client:
        """The sandbox's control port: faults, the day, deliveries, the truth."""
        return httpx.Client(base_url=self.state["control"], timeout=60)

    def deliveries(self, channel: str) -> list[dict[str, Any]]:
        """What the platform behind a channel accepted."""
        found: list[dict[str, Any]] = self.control.get("/deliveries", params={"channel": channel}).json()
        return found

    def advance_to(self, day: date) -> None:
        """Live until the midnight that ends `day`."""
        self.control.post("/today", json={"date": day.isoformat()}).raise_for_status()

    def fault(self, platform: str, kind: str, times: int = 1) -> None:
        """Break a platform."""
        body = {"platform": platform, "kind": kind, "times": times}
        self.control.post("/faults", json=body).raise_for_status()

    def record_keys(self, source: str, entity: str) -> set[str]:
        """The keys of the records that raw holds and the platform has not withdrawn, in clear."""
        table = sql.Identifier("raw", f"{source}__{entity}")
        with warehouse.connect(self.stack.warehouse_url) as connection:
            query = sql.SQL("select distinct record_key from {} where not is_deleted").format(table)
            found = [key for (key,) in connection.execute(query)]
            return set(revealed(found, connection, self._vault()).values())

    def _vault(self) -> Vault:
        return Vault(base64.b64decode(Secrets.of(self.stack.home).vault_key))

    def against_truth(self) -> dict[str, float]:
        """Precision and recall of One-ID over pairs of accounts, against who the world knows them to be."""
        known = self.control.get("/truth").json()
        with warehouse.connect(self.stack.warehouse_url) as connection:
            found = {
                (kind, scope, account): one_id
                for kind, scope, account, one_id in connection.execute(
                    "select account_type, scope, account_id, one_id from identity.bridge_account_customer"
                )
            }
            clear = in_clear(found, connection, self._vault())
        reached = score(
            {clear[account]: one_id for account, one_id in found.items()},
            {tuple(account): person for *account, person in known["truth"]},
            [[tuple(account) for account in group] for group in known["provable"]],
            [[tuple(mark) for mark in marks] for marks in known["marks"]],
        )
        return {
            "One-ID precision, where the records tell people apart": reached.proved_precision,
            "One-ID precision, everywhere": reached.precision,
            "One-ID recall of what the records prove": reached.proved_recall,
        }


@contextmanager
def running_company(
    home: Path, *, people: int, seed: int, business_date: date, say: Say = lambda _: None, keep: bool = False
) -> Iterator[Company]:
    """Start all of it in an empty folder and stop all of it at the end, also on Ctrl-C and SIGTERM."""
    with _alone(home), sigterm_like_ctrl_c():
        # A demo beside a real installation must see neither its data nor its connections.
        base = {key: value for key, value in os.environ.items() if not key.startswith(("QUANYU_", "AIRFLOW_"))}
        if server := os.environ.get("QUANYU_WAREHOUSE_URL"):
            base["QUANYU_WAREHOUSE_URL"] = _own_database(server)
        stack = Stack(home, base)
        _clear(stack)
        _hold_out_the_same(home, seed)
        if not keep:
            choose_port(stack)
        try:
            say("the platforms, Postgres and the tables")
            sandbox = _start_sandbox(stack, people=people, seed=seed, business_date=business_date)
            stack.prepare()
            state = _wait_for(sandbox, home / "sandbox.json")
            stack = Stack(home, {**base, **_environment(state, business_date)})
            stack.up(say)
            yield Company(stack, state)
        except BaseException:
            keep = False
            raise
        finally:
            if not keep:
                stack.down()


def _hold_out_the_same(home: Path, seed: int) -> None:
    """Let a seed give the same night each time: who is held out hangs on the vault's key, and nobody here is real."""
    key = base64.b64encode(hashlib.sha256(f"quanyu sandbox {seed}".encode()).digest()).decode()
    write_private(home / "secrets.json", json.dumps(asdict(replace(Secrets.of(home), vault_key=key))))


def choose_port(stack: Stack) -> None:
    """Give a stack that nobody opens in a browser any port: of two that start at once, one would lose 8080."""
    path = stack.home / "run" / "port"
    path.parent.mkdir(parents=True)
    path.write_text(str(free_port()))


def _own_database(server: str) -> str:
    """An empty database `quanyu_demo` on the operator's server, and none of Airflow's beside it."""
    url = urlunsplit(urlsplit(server)._replace(path="/quanyu_demo"))
    with psycopg.connect(server, autocommit=True) as connection:
        for name in (metadata_database(url), "quanyu_demo"):
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
        connection.execute("create database quanyu_demo")
    return url


def _environment(state: Mapping[str, Any], business_date: date) -> dict[str, str]:
    connections = {
        f"AIRFLOW_CONN_QUANYU_{name.upper()}": json.dumps(fields) for name, fields in state["connections"].items()
    }
    morning_after = datetime.combine(business_date + timedelta(days=1), clock_time(10), SHANGHAI)
    return {
        **connections,
        "QUANYU_NOW": morning_after.isoformat(),
        "QUANYU_PHONE_DIGESTS": json.dumps(alliance.DIGESTS),
        "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "2",
    }


def _start_sandbox(stack: Stack, *, people: int, seed: int, business_date: date) -> Process:
    home = stack.home
    options = {"--people": people, "--seed": seed, "--date": business_date, "--state": home / "sandbox.json"}
    flags = [str(part) for option in options.items() for part in option]
    sandbox = Process("sandbox", (sys.executable, "-m", "tests.sandbox", *flags), home / "run", home / "logs")
    paths = [str(PROJECT), str(PROJECT / "plugins")]
    sandbox.start({**stack.base, "PYTHONPATH": os.pathsep.join(paths)})
    return sandbox


def _wait_for(sandbox: Process, path: Path, *, patience: float = 120) -> dict[str, Any]:
    deadline = time.monotonic() + patience
    while not path.exists():
        if sandbox.pid() is None or time.monotonic() > deadline:
            raise RuntimeError(f"the sandbox did not start. The end of {sandbox.log}:\n{sandbox.tail()}")
        time.sleep(0.1)
    state: dict[str, Any] = json.loads(path.read_text())
    return state


def _clear(stack: Stack) -> None:
    """Stop what an earlier one left running, then remove its folder."""
    if stack.home.exists():
        stack.down()
        shutil.rmtree(stack.home)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Refuse to run beside another one on the same folder."""
    home.parent.mkdir(parents=True, exist_ok=True)
    with home.with_suffix(".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RuntimeError(f"another one is running on {home}; wait for it or stop it with Ctrl-C.") from None
        yield
