"""All fake platforms on loopback ports in one event loop, and a control port to break them and look inside."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from aiohttp import web

import tests.sandbox
from quanyu.contracts import Connection
from quanyu.settings import connection_from
from tests.sandbox.control import Control
from tests.sandbox.faults import LASTING, Faults
from tests.sandbox.platform import HOST, Clock, Platform
from tests.sandbox.world import World

# They start or use the sandbox and bring Airflow's client along; none of them is a platform.
_READERS = {"__main__", "company", "connections", "demo"}


def platforms() -> dict[str, type[Platform]]:
    """Find every platform by looking at the modules beside this one, by name."""
    names = [m.name for m in pkgutil.iter_modules(tests.sandbox.__path__) if m.name not in _READERS]
    found = {}
    for name in names:
        module = importlib.import_module(f"tests.sandbox.{name}")
        for thing in vars(module).values():
            if isinstance(thing, type) and issubclass(thing, Platform) and thing.__module__ == module.__name__:
                found[thing.name] = thing
    found.pop(Platform.name, None)
    return dict(sorted(found.items()))


@dataclass
class Sandbox:
    """The running platforms; its methods may be called from any thread."""

    world: World
    clock: Clock
    platforms: dict[str, Platform] = field(repr=False)
    control: str = ""
    _loop: asyncio.AbstractEventLoop | None = field(default=None, repr=False)
    _control_runner: web.AppRunner | None = field(default=None, repr=False)

    @classmethod
    def of(cls, world: World) -> Sandbox:
        """One instance of every platform, not yet listening."""
        clock = Clock(world.business_date)
        return cls(world, clock, {name: kind(world, Faults(), clock) for name, kind in platforms().items()})

    def connection(self, name: str) -> Connection:
        """The connection `quanyu_<name>` as sources and channels take it."""
        return connection_from(name, self.connections[name])

    @property
    def connections(self) -> dict[str, dict[str, Any]]:
        """The Airflow connection fields of every platform, by name."""
        found = {name: platform.connection(platform.url) for name, platform in self.platforms.items()}
        for fields in found.values():
            # Nobody here counts calls by the second; what a platform does count, it refuses in its own words.
            fields["extra"].setdefault("requests_per_second", 500)
        return found

    def fault(self, platform: str, kind: str, times: int = 1, match: str = "", after: int = 0) -> None:
        """Arm a fault: the next `times` calls whose endpoint contains `match` are struck, after `after` good ones."""
        self.platforms[platform].faults.add(kind, times=times, match=match, after=after)
        self._wait(self.settle(platform))

    def clear(self, platform: str = "", kind: str = "") -> None:
        """Disarm one kind or all, of one platform or all; a platform that was down answers again."""
        for name in [platform] if platform else list(self.platforms):
            self.platforms[name].faults.clear(kind)
            self._wait(self.settle(name))

    def armed(self, platform: str) -> list[str]:
        """The kinds of faults that have not struck yet: empty when a test used up what it armed."""
        return self.platforms[platform].faults.armed()

    def deliveries(self, channel: str) -> list[dict[str, Any]]:
        """What the platform behind a channel (`wecom` or `wecom_broadcast`) accepted, oldest first."""
        return list(self._platform_of(channel).deliveries)

    def journal(self, platform: str) -> list[dict[str, Any]]:
        """Every request the platform saw: method, path, outcome."""
        return list(self.platforms[platform].journal)

    def advance_to(self, day: date) -> None:
        """Live until the midnight that ends `day`; then the night of business date `day` can be run."""
        if day > self.world.calendar.last:
            raise ValueError(f"the world ends on {self.world.calendar.last}, asked for {day}")
        self.clock.today = day

    async def start(self) -> None:
        """Listen everywhere."""
        self._loop = asyncio.get_running_loop()
        for platform in self.platforms.values():
            await platform.start()
        app = web.Application()
        app.add_routes(Control(self).routes())
        self._control_runner = web.AppRunner(app, access_log=None)
        await self._control_runner.setup()
        await web.TCPSite(self._control_runner, HOST, 0).start()
        self.control = f"http://{HOST}:{self._control_runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Close every port."""
        for platform in self.platforms.values():
            await platform.stop()
        if self._control_runner is not None:
            await self._control_runner.cleanup()

    def _platform_of(self, channel: str) -> Platform:
        return next(p for name, p in self.platforms.items() if channel == name or channel.startswith(f"{name}_"))

    async def settle(self, name: str) -> None:
        """Open or close the platform's port as fault `down` says."""
        platform = self.platforms[name]
        if any(map(platform.faults.pending, LASTING)):
            await platform.hang_up()
        else:
            await platform.listen()

    def _wait(self, change: Coroutine[Any, Any, None]) -> None:
        """Do something in the server's loop, from another thread, and wait for it."""
        if self._loop is None:
            raise RuntimeError("the sandbox is not running")
        asyncio.run_coroutine_threadsafe(change, self._loop).result(timeout=10)
