"""The sandbox over HTTP, for whoever runs it in another process: break it, move its day, look inside.

POST   /faults   {"platform", "kind", "times"?, "match"?, "after"?}
DELETE /faults   {"platform"?, "kind"?}
GET    /faults   kinds that have not struck yet, by platform
POST   /today    {"date"}        GET /today
GET    /deliveries?channel=      GET /journal?platform=
GET    /truth    as of today, {"truth": [[account_type, scope, account_id, person]], "provable": [[account, ...]],
                 "marks": [[[type, value], ...]] of each provable group}
"""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from tests.sandbox.server import Sandbox


class Control:
    """The handlers; they run in the platforms' own event loop."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def routes(self) -> list[web.RouteDef]:
        """What the control port serves."""
        return [
            web.post("/faults", self._arm),
            web.delete("/faults", self._clear),
            web.get("/faults", self._armed),
            web.post("/today", self._advance),
            web.get("/today", self._today),
            web.get("/deliveries", self._deliveries),
            web.get("/journal", self._journal),
            web.get("/truth", self._truth),
        ]

    async def _arm(self, request: web.Request) -> web.Response:
        fault = await request.json()
        name = fault.pop("platform")
        self._sandbox.platforms[name].faults.add(fault.pop("kind"), **fault)
        await self._sandbox.settle(name)
        return _json({})

    async def _clear(self, request: web.Request) -> web.Response:
        asked = await request.json() if request.can_read_body else {}
        for name in [asked["platform"]] if "platform" in asked else list(self._sandbox.platforms):
            self._sandbox.platforms[name].faults.clear(asked.get("kind", ""))
            await self._sandbox.settle(name)
        return _json({})

    async def _armed(self, _: web.Request) -> web.Response:
        return _json({name: self._sandbox.armed(name) for name in self._sandbox.platforms})

    async def _advance(self, request: web.Request) -> web.Response:
        self._sandbox.advance_to(date.fromisoformat((await request.json())["date"]))
        return await self._today(request)

    async def _today(self, _: web.Request) -> web.Response:
        return _json({"date": self._sandbox.clock.today.isoformat()})

    async def _deliveries(self, request: web.Request) -> web.Response:
        return _json(self._sandbox.deliveries(request.query["channel"]))

    async def _journal(self, request: web.Request) -> web.Response:
        return _json(self._sandbox.journal(request.query["platform"]))

    async def _truth(self, _: web.Request) -> web.Response:
        world = self._sandbox.world
        rows = [[*account, person] for account, person in world.truth.items()]
        today = self._sandbox.clock.today
        groups = [sorted(map(list, group)) for group in world.provable_on(today)]
        marks = [sorted(map(list, shown)) for shown in world.marks_on(today)]
        return _json({"truth": rows, "provable": groups, "marks": marks})


def _json(value: Any) -> web.Response:
    """Answer in JSON; what a platform noted of a delivery may hold times."""
    return web.json_response(value, dumps=lambda it: json.dumps(it, ensure_ascii=False, default=str))
