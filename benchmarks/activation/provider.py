"""A provider that takes one message a call, in a process of its own: `python -m benchmarks.activation.provider`.

POST /send {"to", "id"} is answered at once. With `--quota N` a second that holds more than N calls, any second and not
only those of a clock, is answered with 429. GET /seen says what came in; `POST /forget` begins anew.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
from aiohttp import web


class Provider:
    """Counts what it took and what it refused; remembers ids, so that a double is seen."""

    def __init__(self, quota: int) -> None:
        self._quota = quota
        self._forget()

    def _forget(self) -> None:
        self._ids: set[str] = set()
        self._doubled = self._refused = 0
        self._recent: deque[float] = deque()

    async def send(self, request: web.Request) -> web.Response:
        """Take a message, or refuse it when the last second is full."""
        given = await request.json()
        if self._quota:
            now = time.monotonic()
            while self._recent and self._recent[0] <= now - 1:
                self._recent.popleft()
            if len(self._recent) >= self._quota:
                self._refused += 1
                return web.json_response({"code": "limit"}, status=429)
            self._recent.append(now)
        self._doubled += given["id"] in self._ids
        self._ids.add(given["id"])
        return web.json_response({"id": given["id"][:16]})

    async def seen(self, _: web.Request) -> web.Response:
        """What came in since the last `forget`."""
        return web.json_response({"taken": len(self._ids), "doubled": self._doubled, "refused": self._refused})

    async def forget(self, _: web.Request) -> web.Response:
        """Begin anew."""
        self._forget()
        return web.json_response({})


@dataclass(frozen=True)
class Running:
    """The provider's address."""

    url: str

    def forget(self) -> None:
        """Let it begin anew."""
        httpx.post(f"{self.url}/forget", trust_env=False).raise_for_status()

    def seen(self) -> dict[str, int]:
        """Taken, doubled, refused."""
        found: dict[str, int] = httpx.get(f"{self.url}/seen", trust_env=False).json()
        return found

    def require(self, messages: int) -> None:
        """Raise RuntimeError unless each of so many messages came in once."""
        seen = self.seen()
        if (seen["taken"], seen["doubled"]) != (messages, 0):
            raise RuntimeError(f"{messages} messages were sent, and the provider saw {seen}")


@contextmanager
def running(quota: int = 0) -> Iterator[Running]:
    """Start a provider, and stop it."""
    command = [sys.executable, "-m", "benchmarks.activation.provider", str(quota)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603  # ours
    try:
        yield Running(process.stdout.readline().strip() if process.stdout else "")
    finally:
        process.terminate()
        process.wait()


def main(quota: int) -> None:
    """Listen on a free port, which is printed."""
    provider = Provider(quota)
    app = web.Application()
    app.add_routes([
        web.post("/send", provider.send),
        web.get("/seen", provider.seen),
        web.post("/forget", provider.forget),
    ])  # fmt: skip

    async def listen() -> None:
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)  # noqa: T201  # the parent reads it

    loop = asyncio.new_event_loop()
    loop.run_until_complete(listen())
    loop.run_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
