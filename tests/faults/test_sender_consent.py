"""Consent that is withdrawn at any moment: it counts up to the transaction that claims the message, and not after.

What is promised: whoever withdraws before the claim of their message reads their consent gets nothing. From the claim
to the call are milliseconds, seconds in a batch of one call each, in which a message goes out to somebody who has just
withdrawn; no later batch does.
"""

from __future__ import annotations

import psycopg
import pytest

from tests.faults.kill import ours
from tests.faults.kill.points import numbered
from tests.faults.kill.provider import Platforms
from tests.faults.kill.stage import Stage, kinds


@pytest.fixture
def stage(dsn: str, platforms: Platforms) -> Stage:
    stage = Stage(dsn, platforms, kinds(largest_batch=4)["letterbox"], 7, bad=())
    stage.begin()
    return stage


def withdraw(stage: Stage) -> None:
    """Everybody withdraws, on a session of their own, in a moment."""
    # Not by a cursor: its statements are points themselves.
    connection = psycopg.pq.PGconn.connect(stage.dsn.encode())
    result = connection.exec_(b"update marts.fct_consents set is_granted = false")
    assert result.status == psycopg.pq.ExecStatus.COMMAND_OK
    connection.finish()


def labels_of(stage: Stage, *, withdrawn_at: int = -1) -> list[str]:
    """Send the night; at that point of it everybody withdraws."""
    labels: list[str] = []

    def at(number: int, label: str) -> None:
        labels.append(label)
        if number == withdrawn_at:
            withdraw(stage)

    with stage.night.sql() as cursor:
        cursor.execute("update marts.fct_consents set is_granted = true")
    stage.begin()
    with numbered(at):
        ours.attempt(stage, settles=False)
    return labels


def test_a_withdrawal_counts_until_the_claim_has_read_it(stage: Stage) -> None:
    """At every point from the start of the sender to its first call: all of the first batch, or nobody."""
    whole = labels_of(stage)
    call = whole.index("before POST /letters")
    got = {number: len(_withdrawn_at(stage, number)) for number in range(call + 1)}
    assert set(got.values()) == {0, 4}
    boundary = min(number for number, count in got.items() if count)
    assert all(count == (4 if number >= boundary else 0) for number, count in got.items())
    assert whole[boundary].startswith("after select")
    claim = whole[boundary : whole.index("after commit", boundary)]
    assert any(label.startswith("before update activation.message set state = 'sending'") for label in claim), (
        "consent is read in the transaction that claims"
    )


def test_a_withdrawal_during_a_call_stops_everything_after_it(stage: Stage) -> None:
    whole = labels_of(stage)
    got = _withdrawn_at(stage, whole.index("before POST /letters"))
    assert len(got) == 4
    assert sorted(stage.states().values()) == ["sent"] * 4 + ["suppressed"] * 3


def _withdrawn_at(stage: Stage, number: int) -> set[str]:
    """Who got something."""
    labels_of(stage, withdrawn_at=number)
    return set(stage.provider.log().recipients)
