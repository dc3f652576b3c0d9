"""The platforms, in a process that outlives every sender. What they wrote down of deliveries is the oracle."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from multiprocessing.connection import Connection as Pipe
from typing import Any, Self

from quanyu.contracts import SHANGHAI, Connection
from quanyu.settings import connection_from
from tests.faults.kill.letterbox import LetterboxPlatform
from tests.fixtures.activation_night import DAY
from tests.sandbox.aliyun_sms import AliyunSms
from tests.sandbox.faults import Faults
from tests.sandbox.official_account import OfficialAccount
from tests.sandbox.platform import Clock, Platform
from tests.sandbox.world import World
from tests.sandbox.world.model import Follower

STRANGER = "oStranger"
"""Openids that begin so are unknown to the account."""

SENDS = ("SendBatchSms", "SendSms", "/cgi-bin/message/mass/send", "/letters")
"""The endpoints that hand messages over."""


class LosesReplies(Faults):
    """Beside what a test arms: a seeded share of the replies to sends is lost, after the platform did its work."""

    def __init__(self, share: float, seed: int) -> None:
        super().__init__()
        self._share = share
        self._chance = random.Random(seed)

    def take(self, kind: str, match: str = "") -> bool:
        """Whether `kind` strikes this call."""
        if kind == "reply_lost" and match in SENDS and self._chance.random() < self._share:
            return True
        return super().take(kind, match)


class TextMessages(AliyunSms):
    """An account whose carrier delivers everything it takes: here the doubt is between us and the platform."""

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        self.messages.failed = self.messages.lost = self.messages.late = 0.0


class Fans(OfficialAccount):
    """An account that everybody follows but strangers, and without quotas."""

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        self.daily_quota.clear()
        self.minute_quota.clear()

    def _fan(self, openid: str) -> Follower | None:
        return None if openid.startswith(STRANGER) else _FAN


_FAN = Follower("", None, datetime(2026, 1, 1, tzinfo=SHANGHAI), None, "", "", "")

PLATFORMS: Mapping[str, type[Platform]] = {
    "aliyun_sms": TextMessages,
    "official_account_mass": Fans,
    "letterbox": LetterboxPlatform,
}


@contextmanager
def served(platform: Platform) -> Iterator[Platform]:
    """Let a platform listen, in a thread of its own, until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name=platform.name, daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(platform.start(), loop).result(timeout=30)
        yield platform
    finally:
        asyncio.run_coroutine_threadsafe(platform.stop(), loop).result(timeout=30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=30)
        loop.close()


@dataclass(frozen=True, slots=True)
class Log:
    """What a platform wrote down: every delivery's recipient, and how many replies to sends were lost."""

    recipients: Sequence[str]
    replies_lost: int


class Platforms:
    """One platform at a time, served from a thread of this process."""

    def __init__(self) -> None:
        self.platform: Platform
        self._served = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._served.close()

    def begin(self, channel: str, lost: float = 0.0, seed: int = 0) -> Connection:
        """Replace the platform by a new one that remembers nothing; `lost` is a share of its replies to sends."""
        self._served.close()
        platform = PLATFORMS[channel](_world(), LosesReplies(lost, seed), Clock(DAY))
        self.platform = self._served.enter_context(served(platform))
        fields = platform.connection(platform.url)
        fields["extra"].setdefault("requests_per_second", 500)
        return connection_from(platform.name, fields)

    def elapse(self, seconds: float) -> None:
        """Let time pass for keys, tokens and quotas."""
        self.platform.clock.elapse(seconds)

    def log(self) -> Log:
        """What the platform wrote down since it began."""
        return Log(
            recipients=[delivery["recipient"] for delivery in self.platform.deliveries],
            replies_lost=sum(entry["outcome"] == "reply_lost" for entry in self.platform.journal),
        )


class Provider:
    """The same, in a process of its own."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("fork")
        self._pipe, there = context.Pipe()
        self._process = context.Process(target=_serve, args=(there,), daemon=True)
        self._process.start()
        there.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join()

    def begin(self, channel: str, lost: float = 0.0, seed: int = 0) -> Connection:
        """See `Platforms`."""
        found: Connection = self._ask("begin", channel, lost, seed)
        return found

    def elapse(self, seconds: float) -> None:
        """See `Platforms`."""
        self._ask("elapse", seconds)

    def log(self) -> Log:
        """See `Platforms`."""
        found: Log = self._ask("log")
        return found

    def _ask(self, verb: str, *given: Any) -> Any:
        self._pipe.send((verb, given))
        return self._pipe.recv()


def _serve(pipe: Pipe) -> None:
    # A caller that dies in the middle of its request is what this is about.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    platforms = Platforms()
    while True:
        verb, given = pipe.recv()
        pipe.send(getattr(platforms, verb)(*given))


@cache
def _world() -> World:
    """One small world for all of them: nobody here reads it."""
    return World.generate(50, 7, DAY)
