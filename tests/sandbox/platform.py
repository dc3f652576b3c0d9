"""The base of every fake platform: its own loopback port, generic faults, a journal, the world's clock.

A platform is a subclass in a module of this package; `server.platforms()` finds it by looking.
`fault(..., match=...)` is compared with `Platform.endpoint(request)`: the path unless a platform knows better
(TOP: the `method`; Aliyun: the `Action`).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar

from aiohttp import web

from quanyu.contracts import SHANGHAI
from tests.sandbox.faults import Faults
from tests.sandbox.world import World

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

ENTRY = web.RequestKey("entry", dict[str, Any])
"""The journal's line for a request; a handler may write its `outcome`."""

HOST = "127.0.0.1"

_MAINTENANCE = "<html><head><title>502</title></head><body>系统维护中，请稍后再试</body></html>"


class Clock:
    """Two clocks: the world's day, and real time for signatures and tokens.

    `today` is the last day the world has lived through: the night runs just after its midnight, so everything
    that happened before `end` can be read and nothing later exists yet.
    """

    def __init__(self, today: date) -> None:
        self.today = today
        self._shift = timedelta()

    @property
    def end(self) -> datetime:
        """The midnight (Asia/Shanghai) that ended `today`."""
        return datetime.combine(self.today + timedelta(days=1), time(), SHANGHAI)

    def now(self) -> datetime:
        """Real time (UTC) plus whatever a test let pass."""
        return datetime.now(UTC) + self._shift

    def elapse(self, seconds: float) -> None:
        """Let time pass for signatures and tokens."""
        self._shift += timedelta(seconds=seconds)


class Platform:
    """One fake platform. Subclasses name themselves, answer `routes()` and fill `connection()`."""

    name: ClassVar[str] = ""
    alternative_to: ClassVar[str] = ""
    """The platform that tells the same: of the two, a company switches on one."""

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        self.world = world
        self.faults = faults
        self.clock = clock
        self.journal: list[dict[str, Any]] = []
        self.deliveries: list[dict[str, Any]] = []
        self._port = 0
        self._reserved: socket.socket | None = None
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None

    def routes(self) -> list[web.RouteDef]:
        """What the platform serves."""
        raise NotImplementedError

    def connection(self, url: str) -> dict[str, Any]:
        """The fields of the Airflow connection `quanyu_<name>`: conn_type, host, login, password, extra."""
        raise NotImplementedError

    async def endpoint(self, request: web.Request) -> str:
        """What faults are matched against and the journal names."""
        return request.path

    @property
    def url(self) -> str:
        """Where the platform listens."""
        return f"http://{HOST}:{self._port}"

    async def start(self) -> None:
        """Listen on a free port, which stays the platform's own while it is down."""
        # Bound and never listening: Linux gives its port to no outgoing connection, nor to whoever asks for any port.
        self._reserved = socket.socket()
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._reserved.bind((HOST, 0))
        self._port = self._reserved.getsockname()[1]
        await self.set_up()
        await self.listen()

    async def stop(self) -> None:
        """Close the port and every connection."""
        await self.tear_down()
        if self._reserved is not None:
            self._reserved.close()

    async def set_up(self) -> None:
        """Make what listening takes."""
        app = web.Application(middlewares=[self._faulty], client_max_size=16 * 2**20)
        app.add_routes(self.routes())
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()

    async def tear_down(self) -> None:
        """Stop listening for good."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def listen(self) -> None:
        """Accept connections."""
        if self._site is None and self._runner is not None:
            self._site = web.TCPSite(self._runner, HOST, self._port)
            await self._site.start()

    async def hang_up(self) -> None:
        """Refuse connections (fault `down`) and cut the open ones."""
        if self._site is None or self._runner is None:
            return
        await self._site.stop()
        self._site = None
        for connection in self._runner.server.connections if self._runner.server else []:
            if connection.transport is not None:
                connection.transport.abort()

    @web.middleware
    async def _faulty(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        endpoint = await self.endpoint(request)
        entry: dict[str, Any] = {"method": request.method, "path": endpoint, "outcome": ""}
        self.journal.append(entry)
        request[ENTRY] = entry
        if self.faults.take("slow", endpoint):
            await asyncio.sleep(self.faults.slow_seconds)
        before = self._instead_of_answer(request, endpoint)
        if before is not None:
            return before
        response = await handler(request)
        entry["outcome"] = entry["outcome"] or str(response.status)
        return self._spoilt_answer(request, endpoint, response)

    def _instead_of_answer(self, request: web.Request, endpoint: str) -> web.Response | None:
        """Faults that keep the platform from doing anything."""
        if self.faults.pending("down") or self.faults.take("reset", endpoint):
            return _cut(request)
        if self.faults.take("http_500", endpoint):
            request[ENTRY]["outcome"] = "http_500"
            return web.Response(status=500, text="Internal Server Error")
        if self.faults.take("html", endpoint):
            request[ENTRY]["outcome"] = "html"
            return web.Response(text=_MAINTENANCE, content_type="text/html")
        return None

    def _spoilt_answer(self, request: web.Request, endpoint: str, response: web.StreamResponse) -> web.StreamResponse:
        """Faults that strike after the platform did its work."""
        if self.faults.take("reply_lost", endpoint):
            return _cut(request, "reply_lost")
        if self.faults.take("truncated", endpoint) and isinstance(response, web.Response):
            request[ENTRY]["outcome"] = "truncated"
            body = response.body if isinstance(response.body, bytes) else b""
            return web.Response(body=body[: len(body) // 2], headers={"Content-Type": "application/json"})
        return response


def _cut(request: web.Request, outcome: str = "reset") -> web.Response:
    """Cut the connection under the caller; the returned answer reaches nobody."""
    request[ENTRY]["outcome"] = outcome
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=499)
