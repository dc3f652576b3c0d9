"""`kill -9` at any moment loses nobody and writes to nobody twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from quanyu.activation import settle
from quanyu.settings import utc_now
from tests.fixtures.activation_night import TEN, Night
from tests.fixtures.activation_sender import Provider, post_office

ROOT = Path(__file__).resolve().parents[2]
KILLS = 6


class Office(ThreadingHTTPServer):
    """The provider: outlives every sender and remembers what came in."""

    def __init__(self, *, drops_repeats: bool) -> None:
        super().__init__(("127.0.0.1", 0), Desk)
        self.drops_repeats = drops_repeats
        self.batches: list[str] = []
        self.keys: Counter[str] = Counter()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Desk(BaseHTTPRequestHandler):
    """POST /send {batch_key, keys}; GET /keys."""

    server: Office

    def do_POST(self) -> None:
        given = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if not (self.server.drops_repeats and given["batch_key"] in self.server.batches):
            self.server.keys.update(given["keys"])
        self.server.batches.append(given["batch_key"])
        self._answer({})

    def do_GET(self) -> None:
        self._answer(sorted(self.server.keys))

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, body: object) -> None:
        text = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


@pytest.fixture
def office(ability: str) -> Iterator[Office]:
    server = Office(drops_repeats=ability == "dedup")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("ability", ["dedup", "query", "neither"])
def test_no_kill_loses_or_doubles_a_message(dsn: str, ability: str, office: Office) -> None:
    night = Night(dsn)
    night.segment("seg_quiet", night.people(*(f"p{number:02d}" for number in range(40))))
    night.plan()

    def sender(seed: int) -> int:
        command = [sys.executable, "-m", "tests.fixtures.activation_sender", dsn, office.url, ability, str(seed)]
        path = os.pathsep.join([str(ROOT / "plugins"), str(ROOT)])
        environment = os.environ | {"PYTHONPATH": path}
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode in {0, -signal.SIGKILL}, done.stderr
        return done.returncode

    def resolve() -> Counter[str]:
        return settle(
            dsn,
            post_office(ability),
            Provider(office.url),
            lambda: TEN,
            night.vault,
            ticks=lambda: utc_now() + timedelta(hours=2),
        ).states

    killed = [sender(seed) for seed in range(KILLS)]
    assert killed.count(-signal.SIGKILL) >= KILLS // 2, "the test must kill"
    before = set(night.states("key").items())
    assert "sending" in dict(before).values(), "a kill must hit between claim and outcome"
    resolve()
    assert sender(-1) == 0
    resolve()
    states = Counter(night.states("key").values())
    twice = [key for key, count in office.keys.items() if count > 1]
    assert not twice, "nobody twice"
    if ability == "neither":
        parked = {key for key, state in night.states("key").items() if state == "parked"}
        assert set(states) == {"sent", "parked"}
        assert parked <= {key for key, state in before if state == "sending"}, "only what was under way is parked"
    else:
        assert states == {"sent": 40}
        assert len(office.keys) == 40, "nobody lost"
    assert not [key for key, state in night.states("key").items() if state == "sent" and key not in office.keys]
    night.parts("seg_quiet")
