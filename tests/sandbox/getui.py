"""Getui, REST v2: one app, an install per person of the world.

POST /v2/<app id>/auth               token for a day, against a signature of the moment
POST /v2/<app id>/push/single/cid    one message to one install, once per request_id

What a repeat of a request_id is answered with is not documented; here it is the answer of the first. Installs in
`inactive` get `successed_ignore`. Tokens do not replace each other; `kill_tokens` ends all of them.

Fault kinds beyond the generic ones: `throttle` (10005).
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from tests.sandbox.fate import send_time
from tests.sandbox.faults import Faults
from tests.sandbox.platform import ENTRY, Clock, Platform
from tests.sandbox.world import World
from tests.sandbox.world.systems.tracking import registration_id

APP_ID = "GetuiSandboxApp01"
APP_KEY = "u6I2Uu8xVo5nAcJ0pSANDBOX"
MASTER_SECRET = "sandbox-secret-getui-000"
TOKEN_LIFE = timedelta(hours=24)


class Refusal(Exception):
    """An error of the platform."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class Getui(Platform):
    """State and routes of one app."""

    name = "getui"

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        self.installs = {registration_id(world, person.id) for person in world.people}
        self.inactive: set[str] = set()
        self._tokens: dict[str, datetime] = {}
        self._requests: dict[str, dict[str, dict[str, str]]] = {}

    def connection(self, url: str) -> dict[str, Any]:
        """The app and its keys."""
        extra = {"app_id": APP_ID, "title": "全域商城"}
        return {"conn_type": "http", "host": url, "login": APP_KEY, "password": MASTER_SECRET, "extra": extra}

    def routes(self) -> list[web.RouteDef]:
        """What `restapi.getui.com` serves."""
        return [
            web.post(f"/v2/{APP_ID}/auth", self._call(self._auth)),
            web.post(f"/v2/{APP_ID}/push/single/cid", self._call(self._push)),
        ]

    async def endpoint(self, request: web.Request) -> str:
        """The path below the app."""
        return request.path.removeprefix(f"/v2/{APP_ID}")

    def kill_tokens(self) -> None:
        """End every token at once."""
        self._tokens.clear()

    def _call(self, act: Any) -> Any:
        async def handler(request: web.Request) -> web.Response:
            try:
                self._admit(request)
                answer = {"code": 0, "msg": "success", "data": act(request, json.loads(await request.read()))}
                status = 200
            except Refusal as refusal:
                answer, status = {"code": refusal.code, "msg": refusal.message}, refusal.status
                request[ENTRY]["outcome"] = str(refusal.code)
            return web.json_response(answer, status=status)

        return handler

    def _admit(self, request: web.Request) -> None:
        if self.faults.take("throttle", request.path):
            raise Refusal(403, 10005, "too many requests in a minute")

    def _auth(self, _: web.Request, given: dict[str, Any]) -> dict[str, Any]:
        stamp = str(given.get("timestamp"))
        expected = hashlib.sha256(f"{APP_KEY}{stamp}{MASTER_SECRET}".encode()).hexdigest()
        age = abs(self.clock.now().timestamp() - int(stamp) / 1000)
        if given.get("appkey") != APP_KEY or given.get("sign") != expected or age > 900:
            raise Refusal(401, 10001, "sign error")
        token = hashlib.sha256(f"{stamp}|{len(self._tokens)}".encode()).hexdigest()
        ends = self._tokens[token] = self.clock.now() + TOKEN_LIFE
        return {"expire_time": str(int(ends.timestamp() * 1000)), "token": token}

    def _push(self, request: web.Request, given: dict[str, Any]) -> dict[str, dict[str, str]]:
        ends = self._tokens.get(request.headers.get("token", ""))
        if ends is None or ends <= self.clock.now():
            raise Refusal(401, 10001, "token is invalid")
        request_id, installs = str(given.get("request_id", "")), (given.get("audience") or {}).get("cid")
        shown = (given.get("push_message") or {}).get("notification") or {}
        if not 10 <= len(request_id) <= 32 or not isinstance(installs, list) or len(installs) != 1:
            raise Refusal(400, 20001, "request_id or audience is invalid")
        if not (0 < len(shown.get("title", "")) <= 50 and 0 < len(shown.get("body", "")) <= 256):
            raise Refusal(400, 20001, "notification is invalid")
        if installs[0] not in self.installs:
            raise Refusal(400, 20001, "target user is invalid")
        if request_id not in self._requests:
            self._requests[request_id] = self._accept(str(installs[0]), request_id, str(shown["body"]))
        return self._requests[request_id]

    def _accept(self, install: str, request_id: str, body: str) -> dict[str, dict[str, str]]:
        task = f"RASS_{send_time(self.clock):%m%d}_{len(self._requests):08d}"
        if install in self.inactive:
            return {task: {install: "successed_ignore"}}
        self.deliveries.append(
            {
                "recipient": install,
                "content": body,
                "provider_id": task,
                "batch_key": request_id,
                "day": send_time(self.clock).date().isoformat(),
                "outcome": "offline",
            }
        )
        return {task: {install: "successed_offline"}}
