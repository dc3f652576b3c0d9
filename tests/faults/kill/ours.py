"""The sender as the night runs it: what an earlier attempt left open is settled, then the rest is sent.

It runs in whatever process asks: in a child that is to die, and in the parent for what comes after.
"""

from __future__ import annotations

import ssl
from contextlib import suppress
from datetime import timedelta
from unittest.mock import patch

from quanyu.activation import send, settle
from quanyu.contracts import ChannelClient
from quanyu.errors import QuanyuError
from tests.faults.kill.points import numbered
from tests.faults.kill.provider import SENDS
from tests.faults.kill.stage import Stage
from tests.fixtures.activation_night import DAY, TEN

BETWEEN = timedelta(hours=1)
"""Passes between an attempt and the next: longer than a lease, shorter than any provider's memory."""

_TRIES = 20


class Cut(BaseException):
    """Ends an attempt like a crash."""


def begin(stage: Stage, *, was_cut: bool) -> None:
    """A fresh night, or one whose first call was answered to a sender that was gone."""
    stage.begin()
    if not was_cut:
        return

    def cut(_: int, label: str) -> None:
        if label.startswith("after POST ") and label.endswith(SENDS):
            raise Cut

    with suppress(Cut, BaseExceptionGroup), numbered(cut):
        attempt(stage, settles=False)
        raise AssertionError("the sender was not cut")
    stage.elapse(BETWEEN)


def attempt(stage: Stage, *, settles: bool = True) -> list[str]:
    """One run of the two tasks; what stopped either of them, as the scheduler would see it."""
    errors: list[str] = []
    channel = stage.kind.channel
    with (
        # No wait is slept: the test would spend its time in the pace of its platforms.
        patch("time.sleep", stage.time.elapse),
        # Nobody here speaks TLS, and a client reads the list of authorities for as long as a small send takes.
        patch.object(ssl.SSLContext, "load_verify_locations"),
        channel.connect(stage.where) as client,
    ):
        for step in [_settle, _send] if settles else [_send]:
            try:
                step(stage, client)
            except QuanyuError as error:
                errors.append(str(error))
    return errors


def finish(stage: Stage, *, tries: int = _TRIES) -> None:
    """Repeat, an hour apart, until nothing is under way."""
    for _ in range(tries):
        stage.elapse(BETWEEN)
        attempt(stage)
        if not stage.waiting():
            return


def _settle(stage: Stage, client: ChannelClient) -> None:
    settle(stage.dsn, stage.kind.channel, client, lambda: TEN, stage.night.vault, ticks=stage.time.now)


def _send(stage: Stage, client: ChannelClient) -> None:
    send(
        stage.dsn,
        DAY,
        stage.kind.channel,
        client,
        lambda: TEN,
        stage.night.vault,
        ticks=stage.time.now,
        sleep=stage.time.elapse,
        claim_log=stage.claim_log,
    )
