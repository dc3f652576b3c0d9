"""The short form of `make kill-test`: every point of a small night, and some random kills beside the losing designs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.faults.kill.losing_designs import DESIGNS
from tests.faults.kill.stage import kinds

ROOT = Path(__file__).resolve().parents[2]
MESSAGES, KILLS, SMALL = 400, 20, 4
CHANNELS = list(kinds(largest_batch=4))


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, int]:
    """What one run wrote down. A process of its own: only one without threads and connections forks well."""
    out = tmp_path_factory.mktemp("kill") / "kill.json"
    sizes = ["--messages", str(MESSAGES), "--kills", str(KILLS), "--small", str(SMALL), "--short"]
    path = os.pathsep.join([str(ROOT / "plugins"), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.kill", *sizes, "--out", str(out)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: Mapping[str, int] = json.loads(out.read_text())
    return found


@pytest.mark.parametrize("blow", ["points_", "stops_", "pairs_", "", *(f"{name}_" for name in CHANNELS)])
def test_nothing_that_happens_to_a_sender_loses_or_doubles_a_message(figures: Mapping[str, int], blow: str) -> None:
    assert figures[f"{blow}messages"] > 0
    assert figures[f"{blow}kills"] > 0
    assert (figures[f"{blow}lost"], figures[f"{blow}doubled"]) == (0, 0)


def test_every_point_was_died_at(figures: Mapping[str, int]) -> None:
    """There is a night of its own for each point, and each night ends with a kill."""
    assert figures["points_kills"] > 100
    assert figures["points_kills"] * SMALL == figures["points_messages"]


def test_only_where_nobody_can_know_is_anything_parked(figures: Mapping[str, int]) -> None:
    parked = {name: figures[f"{name}_parked"] for name in CHANNELS}
    assert parked.pop("letterbox") > 0
    assert not any(parked.values())


def test_replies_were_lost_and_recipients_refused(figures: Mapping[str, int]) -> None:
    for name in CHANNELS:
        assert figures[f"{name}_replies_lost"] > 0
        assert figures[f"{name}_refused"] > 0


@pytest.mark.parametrize(
    ("design", "fault"),
    [
        ("advance_cursor_first", "lost"),
        ("mark_before_call", "lost"),
        ("batch_then_mark", "doubled"),
        ("send_then_mark", "doubled"),
    ],
)
def test_the_same_blows_find_out_the_losing_designs(figures: Mapping[str, int], design: str, fault: str) -> None:
    assert design in DESIGNS
    assert figures[f"{design}_{fault}"] > 0
