"""Many calls to one platform at a time, one message each, for platforms that take one recipient per call.

One event loop and one pool of connections per client, at the pace that the platform allows. aiohttp, because httpx's
async client takes ten times as long per call here (docs/benchmarks.md). Outcomes leave as receipts and errors of
`quanyu.errors`, as those of `quanyu.transport` do.
"""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp
import uvloop
from aiohttp.abc import ResolveResult
from aiohttp.resolver import ThreadedResolver
from tenacity import RetryCallState, Retrying, retry_if_result
from yarl import URL

from quanyu import deadline
from quanyu.contracts import Connection, Message, Receipt, Record, Verdict
from quanyu.errors import ConfigurationError, DeliveryUnknown, QuanyuError, Retryable, Throttled, TokenExpired, TooLate
from quanyu.transport import LOOPBACK, UNREACHABLE, pace_of, record_in, retry_after

_ATTEMPTS = 5
_LONGEST_WAIT = 30.0
_TIMEOUT = aiohttp.ClientTimeout(total=30)


@dataclass(frozen=True, slots=True)
class Call:
    """One request; `json` and `data` are encoded, `content` is sent as it is."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    data: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, below 500 and no throttle; names of headers are found in any case."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def json(self) -> Record:
        """Read the body as a JSON object. Raises DeliveryUnknown for any other body: gateways send those when ill."""
        body = record_in(self.content)
        if body is None:
            kind = self.headers.get("content-type", "no content type").split(";")[0]
            raise DeliveryUnknown(
                f"the answer is not a JSON object (HTTP {self.status}, {kind}, {len(self.content)} bytes).",
                remedy=UNREACHABLE,
            )
        return body


CallOf = Callable[[Message], Call | Receipt]
ReceiptOf = Callable[[Message, Answer], Receipt]


class _Round:
    """One attempt at everything that has no receipt yet; `stop` is why no further call is made."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self._waiting = iter(messages)
        self.receipts: list[Receipt] = []
        self.stop: QuanyuError | None = None
        self.last: QuanyuError | None = None

    def waiting(self) -> Iterator[Message]:
        """Messages for whichever worker is free, until somebody is told to stop."""
        for message in self._waiting:
            if self.stop is not None:
                return
            yield message


class _Pace:
    """No second, wherever it begins and by whoever's clock, holds more than `pace` calls; below one, one in 1 / pace s.

    A call arrives before its answer does, so that its place is free a second after the answer. A bucket that leaks
    (aiolimiter) counts from when calls are made, and some arrive later than others: docs/decisions/0030.
    """

    def __init__(self, pace: float) -> None:
        calls = max(1, int(pace))
        self._length = calls / pace
        self._places = asyncio.Semaphore(calls)
        self._free_at: deque[float] = deque()

    async def __aenter__(self) -> None:
        await self._places.acquire()

    async def __aexit__(self, *_: object) -> None:
        # Not the loop's clock, which stands still while the loop works, and is behind by as much.
        self._free_at.append(time.monotonic() + self._length)
        # One timer, for the place that is free next: one for each call, thousands a second, takes a tenth of the time.
        if len(self._free_at) == 1:
            asyncio.get_running_loop().call_later(self._length, self._release)

    def _release(self) -> None:
        now = time.monotonic()
        while self._free_at and self._free_at[0] <= now:
            self._free_at.popleft()
            self._places.release()
        if self._free_at:
            asyncio.get_running_loop().call_later(self._free_at[0] - now, self._release)


class Fan:
    """One platform, spoken to by up to `at_once` calls at a time and `requests_per_second`."""

    def __init__(self, base_url: str, *, requests_per_second: float, at_once: int, is_public: bool) -> None:
        self._base = URL(base_url)
        if not self._base.host:
            raise ConfigurationError("the connection has no usable URL.", remedy="set its host to https://<host>.")
        self._at_once = at_once
        self._is_public = is_public
        self._pace = _Pace(requests_per_second)
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self._session: aiohttp.ClientSession | None = None
        self.pace = requests_per_second

    @classmethod
    def of(cls, where: Connection, *, at_once: int = 64, is_public: bool = False) -> Self:
        """Open the platform behind a connection; `extra.requests_per_second` is the pace its contract allows.

        `is_public`: a name that leads to a private address, now or later (DNS rebinding), counts as no connection.
        """
        return cls(where.url, requests_per_second=pace_of(where), at_once=at_once, is_public=is_public)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._session is not None:
            self._runner.run(self._session.close())
        self._runner.close()

    def deliver(self, batch: Sequence[Message], call_of: CallOf, receipt_of: ReceiptOf) -> list[Receipt]:
        """Make a call for each message; `call_of` is asked anew for each attempt, and may refuse without a call.

        `receipt_of` reads an answer, and raises Retryable or TokenExpired (nothing happened: again, at last `later`),
        DeliveryUnknown (this message may have left), or anything else to stop. Raises what stopped it, with the
        receipts so far; the last error when no call came to anything.
        """
        said: dict[str, Receipt] = {}
        this, idle = _Round([]), 0

        def attempt() -> bool:
            nonlocal this, idle
            this = _Round([message for message in batch if message.key not in said])
            self._runner.run(self._round(this, call_of, receipt_of, deadline.ends()))
            said.update({receipt.key: receipt for receipt in this.receipts})
            idle = 0 if this.receipts else idle + 1
            return len(said) < len(batch) and not _is_final(this.stop)

        # Rounds that came to something do not count: a platform that says "not so fast" now and then is spoken to on.
        Retrying(
            retry=retry_if_result(bool),
            wait=lambda _: min(_LONGEST_WAIT, 2**idle / 2),
            stop=lambda _: idle >= _ATTEMPTS,
            sleep=time.sleep,
            retry_error_callback=_give_up,
        )(attempt)
        error = this.stop or this.last
        if error is not None and (_is_final(error) or not said):
            error.receipts = list(said.values())
            raise error
        left = (message for message in batch if message.key not in said)
        return [*said.values(), *(Receipt(key=message.key, verdict=Verdict.LATER) for message in left)]

    async def _round(self, this: _Round, call_of: CallOf, receipt_of: ReceiptOf, ends: float) -> None:
        if self._session is None:
            resolver = _PublicResolver() if self._is_public else None
            connector = aiohttp.TCPConnector(limit=self._at_once, resolver=resolver)
            # A proxy of the environment is right for a platform and wrong for the sandbox on this machine.
            trusts = self._base.host not in LOOPBACK
            self._session = aiohttp.ClientSession(self._base, connector=connector, timeout=_TIMEOUT, trust_env=trusts)
        session = self._session

        async def worker() -> None:
            for message in this.waiting():
                async with self._pace:
                    if this.stop is None and time.monotonic() >= ends:
                        this.stop = TooLate()
                    if this.stop is not None:
                        return
                    await deliver(message)

        async def deliver(message: Message) -> None:
            try:
                call = call_of(message)
                said = call if isinstance(call, Receipt) else receipt_of(message, await _exchange(session, call))
                this.receipts.append(said)
            except DeliveryUnknown:
                this.receipts.append(Receipt(key=message.key, verdict=Verdict.UNKNOWN))
            except QuanyuError as error:
                this.last = error
                if isinstance(error, Throttled) or not isinstance(error, Retryable | TokenExpired):
                    this.stop = this.stop or error

        async with asyncio.TaskGroup() as group:
            for _ in range(self._at_once):
                group.create_task(worker())


class _PublicResolver(ThreadedResolver):
    """Resolves names to addresses of the open internet only."""

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
        """Look up as usual. Raises OSError when any answer is a private address."""
        found = await super().resolve(host, port, family)
        if not all(ipaddress.ip_address(one["host"]).is_global for one in found):
            raise OSError(f"{host} leads to a private address")
        return found


def _is_final(error: QuanyuError | None) -> bool:
    """Whether another attempt within this call is of no use: a wait that was named is the caller's to keep."""
    if isinstance(error, Throttled):
        return error.until is not None
    return error is not None and not isinstance(error, Retryable | TokenExpired)


def _give_up(_: RetryCallState) -> None:
    """After the last attempt what was said so far is returned."""


async def _exchange(session: aiohttp.ClientSession, call: Call) -> Answer:
    """Send once. Raises Retryable (nothing left), Throttled, ConfigurationError, or DeliveryUnknown for all else."""
    named = f"{call.method} {call.path}"
    body = {"json": call.json} if call.json is not None else {"data": call.content if call.data is None else call.data}
    try:
        async with session.request(
            call.method, call.path, params=call.params, headers=call.headers, allow_redirects=False, **body
        ) as response:
            content = await response.read()
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise Retryable(f"{named}: no connection ({type(error).__name__}).", remedy=UNREACHABLE) from None
    except aiohttp.InvalidURL:
        raise ConfigurationError(f"{named}: no URL.", remedy="correct the connection's host.") from None
    except (aiohttp.ClientError, TimeoutError) as error:
        raise DeliveryUnknown(f"{named}: cut before the whole answer came ({type(error).__name__}).") from None
    headers = response.headers
    if response.status == 429 or (response.status == 503 and "retry-after" in headers):
        raise Throttled(f"{named}: HTTP {response.status}.", until=retry_after(headers.get("retry-after", "")))
    if response.status >= 500:
        raise DeliveryUnknown(f"{named}: HTTP {response.status}.", remedy=UNREACHABLE)
    if 300 <= response.status < 400:
        raise ConfigurationError(
            f"{named}: answers with a redirect (HTTP {response.status}).",
            remedy="set the connection's host to the address itself.",
        )
    return Answer(response.status, headers, content)
