"""What official accounts and WeCom have in common: tokens with a life, and errcodes inside HTTP 200."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar

from aiohttp import web

from quanyu.contracts import SHANGHAI
from tests.sandbox.faults import Faults
from tests.sandbox.platform import ENTRY, Clock, Platform
from tests.sandbox.world import World

Answer = dict[str, Any]
T = TypeVar("T")

_KILLED = {
    40001: "invalid credential, access_token is invalid or not latest",
    40014: "invalid access_token",
}


class Refusal(Exception):
    """An errcode with its message; `also` are the fields that the platform sends along."""

    def __init__(self, code: int, message: str, **also: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.also = also


@dataclass
class Tokens:
    """Tokens ever issued: until when each lives, and which died before its time."""

    clock: Clock
    killed_code: int
    seconds: int = 7200
    _ends: dict[str, datetime] = field(default_factory=dict)
    _killed: set[str] = field(default_factory=set)

    def issue(self) -> str:
        """Return a new token."""
        number = len(self._ends) + 1
        # Long on purpose: clients are told to reserve 512 characters.
        token = f"{number}_" + hashlib.sha512(str(number).encode()).hexdigest() * 2
        self._ends[token] = self.clock.now() + timedelta(seconds=self.seconds)
        return token

    def kill(self, token: str) -> None:
        """Let a token die before its time."""
        self._killed.add(token)

    def left(self, token: str) -> int:
        """Seconds that a token still lives; 0 when it is dead or no token at all."""
        if token not in self._ends or token in self._killed:
            return 0
        return max(0, round((self._ends[token] - self.clock.now()).total_seconds()))

    def check(self, token: str) -> None:
        """Raise the refusal that a call with this token meets."""
        if not token:
            raise Refusal(41001, "access_token missing")
        if token not in self._ends:
            raise Refusal(40014, "invalid access_token")
        if token in self._killed:
            raise Refusal(self.killed_code, _KILLED[self.killed_code])
        if not self.left(token):
            raise Refusal(42001, "access_token expired")


class Weixin(Platform):
    """Checks tokens, counts calls against quotas, and says no in the platform's own words.

    Fault kinds beyond the generic ones: `token_expired` (the caller's token dies), `throttle` (the platform's
    passing "slow down"), `quota` (45009, nothing more today).
    """

    killed_code: ClassVar[int]
    throttled: ClassVar[tuple[int, str]]

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        self.tokens = Tokens(clock, self.killed_code)
        self.daily_quota: dict[str, int] = {}
        self.minute_quota: dict[str, int] = {}
        self.refusals = 0
        self._calls: Counter[tuple[str, str]] = Counter()

    def explain(self, refusal: Refusal) -> str:
        """Write the whole errmsg of a refusal."""
        raise NotImplementedError

    def serve(
        self, handle: Callable[[Mapping[str, Any]], Answer], *, has_token: bool = True
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        """Make an aiohttp handler of `handle`, which sees the query and the JSON body as one mapping."""

        async def answer(request: web.Request) -> web.Response:
            try:
                self._admit(request, has_token=has_token)
                return _json(handle({**request.query, **await _body(request)}))
            except Refusal as refusal:
                self.refusals += 1
                request[ENTRY]["outcome"] = str(refusal.code)
                return _json({"errcode": refusal.code, "errmsg": self.explain(refusal), **refusal.also})

        return answer

    def _admit(self, request: web.Request, *, has_token: bool) -> None:
        if has_token:
            token = request.query.get("access_token", "")
            if self.faults.take("token_expired", request.path):
                self.tokens.kill(token)
                raise Refusal(42001, "access_token expired")
            self.tokens.check(token)
        if self.faults.take("throttle", request.path):
            raise Refusal(*self.throttled)
        if self.faults.take("quota", request.path):
            raise Refusal(45009, "reach max api daily quota limit")
        self.count(request.path)

    def count(self, path: str) -> None:
        """Count one call; raise once the day's or the minute's quota of `path` is used up."""
        moment = self.clock.now().astimezone(SHANGHAI)
        for span, quota, code, message in (
            (f"{moment:%F}", self.daily_quota, 45009, "reach max api daily quota limit"),
            (
                f"{moment:%F %R}",
                self.minute_quota,
                45011,
                "api minute-quota reach limit, must slower, retry next minute",
            ),
        ):
            self._calls[path, span] += 1
            if path in quota and self._calls[path, span] > quota[path]:
                raise Refusal(code, message)


async def _body(request: web.Request) -> Mapping[str, Any]:
    if request.method != "POST":
        return {}
    try:
        body = json.loads(await request.read() or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(47001, "data format error")
    return body


def _json(answer: Answer) -> web.Response:
    # Both platforms send UTF-8 without escapes.
    return web.json_response(text=json.dumps(answer, ensure_ascii=False))


def texts(value: object) -> list[str]:
    """`value` as a list of strings; empty when it is anything else."""
    return list(value) if isinstance(value, list) and all(isinstance(item, str) for item in value) else []


def page(rows: Sequence[T], given: Mapping[str, Any], *, default: int, largest: int, of: str) -> tuple[list[T], str]:
    """Cut the page that `given` asks for with `cursor` and `limit`; return it with the next cursor, "" at the end.

    A `limit` beyond `largest` counts as the default, as documented. `of` names the list: the cursor of another
    list is refused.
    """
    mark = hashlib.md5(of.encode()).hexdigest()[:12]
    limit = given.get("limit", default)
    limit = limit if isinstance(limit, int) and 1 <= limit <= largest else default
    cursor = str(given.get("cursor") or f"{mark}.0")
    start = cursor.removeprefix(f"{mark}.")
    if not start.isdigit():
        raise Refusal(40058, "invalid Request Parameter, cursor")
    end = int(start) + limit
    return list(rows[int(start) : end]), f"{mark}.{end}" if end < len(rows) else ""
