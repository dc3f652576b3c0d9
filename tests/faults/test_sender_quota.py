"""Quotas and paces that a platform counts itself: nothing before its time, nothing above its number, nothing lost."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import pytest

from quanyu.activation import send
from quanyu.contracts import SHANGHAI
from quanyu.errors import Throttled
from tests.faults.kill import ours
from tests.faults.kill.letterbox import LetterboxPlatform
from tests.faults.kill.provider import Fans, Platforms
from tests.faults.kill.stage import Stage, kinds
from tests.fixtures.activation_night import DAY, TEN

MASS_SEND = "/cgi-bin/message/mass/send"
KINDS = kinds(largest_batch=4)


def test_no_letter_is_handed_over_before_the_retry_after_of_the_last_refusal(dsn: str, platforms: Platforms) -> None:
    """In real time: what was under way when the refusal came had left before anybody knew of it."""
    stage = Stage(dsn, platforms, KINDS["letterbox"], 15)
    stage.begin()
    platform = platforms.platform
    assert isinstance(platform, LetterboxPlatform)
    span = 2.0
    platform.quota = (5, span)
    with stage.kind.channel.connect(stage.where) as client:
        send(dsn, DAY, stage.kind.channel, client, lambda: TEN, stage.night.vault)

    outcome = stage.outcome(stage.states())
    assert (outcome.lost, outcome.doubled, outcome.wrong) == (0, 0, ())
    assert "failed_final" not in {state for one_id, state in stage.states().items() if one_id in stage.shown}
    refused = [at for at, is_taken in platform.calls if not is_taken]
    assert refused, "the quota was met"
    assert len(platform.calls) - len(refused) == 15, "each letter is taken once"
    under_way = 0.2
    early = [at for at, _ in platform.calls if any(under_way < at - no < span - under_way for no in refused)]
    assert not early


def test_a_days_quota_puts_the_rest_off_and_fails_nobody(
    dsn: str, platforms: Platforms, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(dsn, platforms, KINDS["official_account_mass"], 12, bad=[0])
    # Five minutes before midnight the quota would be waited for, and nothing put off.
    _let_it_be_noon(stage, monkeypatch)
    stage.begin()
    platform = platforms.platform
    assert isinstance(platform, Fans)
    # Four batches need five calls: the one with a stranger is refused as a whole, and sent again without.
    platform.daily_quota[MASS_SEND] = 3
    with stage.kind.channel.connect(stage.where) as client:

        def once() -> None:
            send(dsn, DAY, stage.kind.channel, client, lambda: TEN, stage.night.vault, ticks=stage.time.now)

        with pytest.raises(Throttled) as caught:
            once()
        assert caught.value.until is not None
        states = stage.states()
        assert set(states.values()) <= {"sent", "pending", "failed_final"}
        assert "pending" in states.values()
        assert "failed_final" not in {states[one_id] for one_id in stage.shown}
        calls = len(platform.journal)
        for _ in range(3):
            with pytest.raises(Throttled):
                once()
        assert len(platform.journal) == calls, "not even a question before that time"
        stage.elapse(caught.value.until - stage.time.now() + timedelta(seconds=1))
        platform.daily_quota[MASS_SEND] = 100
    ours.finish(stage)
    outcome = stage.outcome(stage.states())
    assert (outcome.lost, outcome.doubled, outcome.refused, outcome.wrong) == (0, 0, 1, ())


def test_a_minutes_quota_is_waited_for_and_never_exceeded(
    dsn: str, platforms: Platforms, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(dsn, platforms, KINDS["official_account_mass"], 12, bad=[0])
    stage.begin()
    platform = platforms.platform
    assert isinstance(platform, Fans)
    platform.minute_quota[MASS_SEND] = 1
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        stage.elapse(timedelta(seconds=seconds))

    monkeypatch.setattr(time, "sleep", sleep)
    with stage.kind.channel.connect(stage.where) as client:
        send(dsn, DAY, stage.kind.channel, client, lambda: TEN, stage.night.vault, ticks=stage.time.now, sleep=sleep)
    assert sum(waits) > 60
    outcome = stage.outcome(stage.states())
    assert (outcome.lost, outcome.doubled, outcome.refused, outcome.wrong) == (0, 0, 1, ())


def _let_it_be_noon(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(SHANGHAI)
    stage.time.elapse((now.replace(hour=12, minute=0) - now).total_seconds())
    for module in ("transport", "wechat"):
        monkeypatch.setattr(f"quanyu.{module}.utc_now", stage.time.now)
