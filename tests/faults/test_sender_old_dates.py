"""Cleared tasks, re-runs and backfills: what was sent is not sent again, and what is too old is not sent at all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from quanyu.activation import settle
from quanyu.errors import Rejected
from tests.faults.kill import ours
from tests.faults.kill.provider import SENDS, Platforms
from tests.faults.kill.stage import SEGMENT, Stage, kinds, one_id_of
from tests.fixtures.activation_night import DAY, TEN

KINDS = kinds(largest_batch=4)
PEOPLE = 7


@pytest.fixture(params=list(KINDS))
def stage(request: pytest.FixtureRequest, dsn: str, platforms: Platforms) -> Stage:
    stage = Stage(dsn, platforms, KINDS[request.param], PEOPLE)
    stage.begin()
    return stage


def sends(stage: Stage, platforms: Platforms) -> int:
    """Calls that hand messages over, whatever was answered."""
    return sum(entry["path"] in SENDS for entry in platforms.platform.journal)


def test_tasks_that_are_cleared_and_run_again_call_nobody(stage: Stage, platforms: Platforms) -> None:
    ours.attempt(stage)
    calls, before = sends(stage, platforms), stage.states()
    assert calls
    for _ in range(3):
        stage.night.plan(stage.kind.channel)
        stage.elapse(timedelta(hours=1))
        assert ours.attempt(stage) == []
    assert sends(stage, platforms) == calls
    assert stage.states() == before
    outcome = stage.outcome(before)
    assert (outcome.lost, outcome.doubled, outcome.wrong) == (0, 0, ())


def test_a_backfill_of_sixty_nights_plans_and_sends_nothing(stage: Stage, platforms: Platforms) -> None:
    night, channel = stage.night, stage.kind.channel
    days = [DAY - timedelta(days=age) for age in range(60, 0, -1)]
    night.segment(
        SEGMENT,
        [one_id_of(number) for number in range(PEOPLE)],
        channels=[channel.name],
        templates={channel.name: stage.kind.template},
        cap={"days": 1, "messages": 1},
    )
    with channel.connect(stage.where) as client:
        for day in days:
            night.publish(day)
            night.plan(channel, day=day)
            assert set(night.states(day=day).values()) == {"pending"}, "there was something to send"
            with pytest.raises(Rejected, match=f"messages of {day} are not sent on 2026-11-21"):
                night.send(client, channel, day=day)
            settle(stage.dsn, channel, client, lambda: TEN, night.vault, ticks=stage.time.now)
            assert set(night.states(day=day).values()) == {"deferred"}
    assert sends(stage, platforms) == 0
