"""A provider that promises nothing: no key against repeats, nobody to ask, one letter per call.

POST /letters {"to", "text"}   {"refused": "E17"} or {"refused": ""}; HTTP 429 with Retry-After above `quota`
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from aiohttp import web

from quanyu.contracts import Channel, Connection, Message, Neither, Receipt, Verdict
from quanyu.fan import Answer, Call, Fan
from tests.sandbox.faults import Faults
from tests.sandbox.platform import Clock, Platform
from tests.sandbox.world import World

NOBODY = "nobody"
"""Letters to an address that begins so are refused."""

REFUSED = "E17"


class LetterboxPlatform(Platform):
    """`calls` keeps when each call came (seconds of a monotonic clock) and whether it was taken."""

    name = "letterbox"

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        self.quota: tuple[int, float] | None = None
        """At most so many letters in so many seconds; none means no limit."""
        self.calls: list[tuple[float, bool]] = []
        self._window = (0.0, 0)

    def connection(self, url: str) -> dict[str, Any]:
        """No credentials."""
        return {"conn_type": "http", "host": url, "extra": {"requests_per_second": 500}}

    def routes(self) -> list[web.RouteDef]:
        """What the provider serves."""
        return [web.post("/letters", self._take)]

    async def _take(self, request: web.Request) -> web.Response:
        letter = await request.json()
        now = time.monotonic()
        if wait := self._over_quota(now):
            self.calls.append((now, False))
            return web.Response(status=429, headers={"Retry-After": str(math.ceil(wait))})
        self.calls.append((now, True))
        if letter["to"].startswith(NOBODY):
            return web.json_response({"refused": REFUSED})
        self.deliveries.append({"recipient": letter["to"], "content": letter["text"]})
        return web.json_response({"refused": ""})

    def _over_quota(self, now: float) -> float:
        """Seconds until the next letter is taken; 0 when this one is."""
        if self.quota is None:
            return 0.0
        letters, span = self.quota
        began, taken = self._window
        if now - began >= span:
            began, taken = now, 0
        if taken == letters:
            return began + span - now
        self._window = (began, taken + 1)
        return 0.0


class Letterbox:
    """The provider as a channel client; addresses are whatever it knows people by."""

    def __init__(self, fan: Fan) -> None:
        self._fan = fan

    def send(self, batch_key: str, batch: Sequence[Message]) -> list[Receipt]:
        """A call for each letter; the key is of no use here."""
        del batch_key
        return self._fan.deliver(batch, _call, _receipt)

    def ask(self, batch_key: str, batch: Sequence[Message]) -> list[Receipt]:
        """Nobody can be asked."""
        raise NotImplementedError

    def receipts(self, sent: Sequence[Message]) -> Iterator[Receipt]:
        """Nothing is ever heard of a letter again."""
        del sent
        return iter(())


def _call(message: Message) -> Call:
    return Call("POST", "/letters", json={"to": message.address, "text": message.template})


def _receipt(message: Message, answer: Answer) -> Receipt:
    code = str(answer.json()["refused"])
    return Receipt(key=message.key, verdict=Verdict.REFUSED if code else Verdict.ACCEPTED, code=code)


@contextmanager
def connect(where: Connection) -> Iterator[Letterbox]:
    """Open the provider, at most eight calls at a time."""
    with Fan.of(where, at_once=8) as fan:
        yield Letterbox(fan)


CHANNEL = Channel(
    name="letterbox",
    about=__doc__,
    connection="letterbox",
    address_type="openid",
    ability=Neither(),
    largest_batch=20,
    connect=connect,
)
