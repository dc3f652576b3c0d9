"""A sender that is stopped in the middle of a claim keeps nobody waiting: Postgres takes the campaign from it.

Here the stopped one runs the other one itself, which to Postgres is the same silence; `make kill-test` stops processes.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from quanyu.activation import ledger
from tests.faults.kill import ours
from tests.faults.kill.points import numbered
from tests.faults.kill.provider import Platforms
from tests.faults.kill.stage import Stage, kinds

HAS_CAMPAIGN = "after select pg_advisory_xact_lock(hashtextextended(%s, 0))"


def claims(stage: Stage, *, was_cut: bool) -> list[tuple[int, str]]:
    """A point after each statement of each transaction that has the campaign."""
    labels: list[str] = []
    ours.begin(stage, was_cut=was_cut)
    with numbered(lambda _, label: labels.append(label)):
        ours.attempt(stage)
    found, has_campaign = [], False
    for number, label in enumerate(labels):
        has_campaign = label != "after commit" and (has_campaign or label == HAS_CAMPAIGN)
        if has_campaign and label.startswith("after "):
            found.append((number, label))
    return found


@pytest.mark.parametrize(
    ("channel", "was_cut"),
    [("letterbox", False), ("aliyun_sms", True), ("official_account_mass", True)],
    ids=["sending", "asking", "repeating"],
)
def test_others_claim_what_a_stopped_sender_was_claiming_and_it_ends_by_an_error(
    dsn: str, platforms: Platforms, monkeypatch: pytest.MonkeyPatch, channel: str, was_cut: bool
) -> None:
    monkeypatch.setattr(ledger, "STANDSTILL", timedelta(milliseconds=100))
    stage = Stage(dsn, platforms, kinds(largest_batch=4)[channel], 4, bad=())
    points = claims(stage, was_cut=was_cut)
    assert any(label.startswith("after update activation.message set state = 'sending'") for _, label in points)
    for at, label in points:
        ours.begin(stage, was_cut=was_cut)

        def meanwhile(number: int, _: str, at: int = at) -> None:
            if number == at:
                ours.finish(stage)
                # Where nothing was left to claim, nobody waited for the stopped one.
                stage.night.one("select pg_sleep(0.2)::text")

        with numbered(meanwhile):
            said = ours.attempt(stage)
        place = f"stopped at {at} {label}"
        outcome = stage.outcome(stage.states())
        assert (outcome.lost, outcome.doubled, outcome.wrong) == (0, 0, ()), place
        assert any("stood still" in error and "What to do: run the task again" in error for error in said), place
