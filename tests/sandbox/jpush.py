"""JPush: push and report API v3 on one port, one app, an install per person of the world.

GET  /v3/push/cid?count=&type=    keys against repeats, each good for one push and a day
POST /v3/push                     a repeat under a cid is answered with the first push
POST /v3/push/validate            the same checks, and nothing is pushed
POST /v3/status/message           what became of a push, install by install
GET  /v3/received/detail          counters of pushes

1011 is answered when no install of the audience is the app's; with `is_strict` one stranger is enough, which the
documents do not rule out. `failed` of a hundred pushes do not reach their install (status 3); those of `late` are
fetched when the world's day advances (1 until then).

Fault kinds beyond the generic ones: `throttle` (HTTP 429, 2002).
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from aiohttp import web

from tests.sandbox.fate import send_time, share
from tests.sandbox.faults import Faults
from tests.sandbox.platform import ENTRY, Clock, Platform
from tests.sandbox.world import World
from tests.sandbox.world.systems.tracking import registration_id

APP_KEY = "7d431e42dfa6a6d693ac2d04"
MASTER_SECRET = "sandbox-secret-jpush-000"
CID_LIFE = timedelta(days=1)
DELIVERED, WAITING, NOT_OURS, NO_TARGET = range(4)


@dataclass(frozen=True)
class Push:
    """One accepted push: its targets, and the installs among them that are the app's."""

    msg_id: int
    sent_on: date
    targets: frozenset[str]
    reached: dict[str, int]


class Refusal(Exception):
    """An error of the platform."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class JPush(Platform):
    """State and routes of one app."""

    name = "jpush"

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        self.installs = {registration_id(world, person.id) for person in world.people}
        self.is_strict = False
        self.failed = 0.04
        self.late = 0.1
        self.pushes: dict[int, Push] = {}
        self._cids: dict[str, datetime] = {}
        self._by_cid: dict[str, Push] = {}

    def connection(self, url: str) -> dict[str, Any]:
        """The app key and its master secret."""
        extra = {"report_url": f"{url}/v3"}
        return {"conn_type": "http", "host": f"{url}/v3", "login": APP_KEY, "password": MASTER_SECRET, "extra": extra}

    def routes(self) -> list[web.RouteDef]:
        """What `api.jpush.cn` and `report.jpush.cn` serve."""
        return [
            web.get("/v3/push/cid", self._call(self._issue)),
            web.post("/v3/push", self._call(self._push)),
            web.post("/v3/push/validate", self._call(self._validate)),
            web.post("/v3/status/message", self._call(self._status)),
            web.get("/v3/received/detail", self._call(self._received)),
        ]

    async def endpoint(self, request: web.Request) -> str:
        """Method and path: a key is fetched below the path that pushes."""
        return f"{request.method} {request.path}"

    def _call(self, act: Any) -> Any:
        async def handler(request: web.Request) -> web.Response:
            try:
                self._admit(request)
                given = json.loads(await request.read() or b"{}")
                answer, status = act(request, given), 200
            except Refusal as refusal:
                answer, status = {"error": {"code": refusal.code, "message": refusal.message}}, refusal.status
                request[ENTRY]["outcome"] = str(refusal.code)
            limits = {"X-Rate-Limit-Limit": "600", "X-Rate-Limit-Remaining": "599", "X-Rate-Limit-Reset": "60"}
            return web.json_response(answer, status=status, headers=limits)

        return handler

    def _admit(self, request: web.Request) -> None:
        expected = base64.b64encode(f"{APP_KEY}:{MASTER_SECRET}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {expected}":
            raise Refusal(401, 1004, "Authentication failed")
        if self.faults.take("throttle", f"{request.method} {request.path}"):
            raise Refusal(429, 2002, "Rate limit exceeded")

    def _issue(self, request: web.Request, _: dict[str, Any]) -> dict[str, Any]:
        count = min(max(int(request.query.get("count", "1")), 1), 10)
        issued = []
        for _number in range(count):
            digest = hashlib.md5(f"cid-{len(self._cids)}".encode()).hexdigest()
            cid = f"{APP_KEY}-{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"
            self._cids[cid] = self.clock.now()
            issued.append(cid)
        return {"cidlist": issued}

    def _push(self, _: web.Request, given: dict[str, Any]) -> dict[str, Any]:
        cid = given.get("cid")
        if cid is not None:
            issued = self._cids.get(str(cid))
            if issued is None or self.clock.now() - issued >= CID_LIFE:
                raise Refusal(400, 1003, "cid is invalid")
            if first := self._by_cid.get(str(cid)):
                return {"sendno": "0", "msg_id": str(first.msg_id)}
        push = self._accept(given)
        if cid is not None:
            self._by_cid[str(cid)] = push
        return {"sendno": "0", "msg_id": str(push.msg_id)}

    def _accept(self, given: dict[str, Any]) -> Push:
        targets = self._targets(given)
        day = send_time(self.clock).date()
        msg_id = 54_043_196_000_000_000 + len(self.pushes)
        reached = {install: self._fate(install, day) for install in sorted(targets & self.installs)}
        for install, status in reached.items():
            self.deliveries.append(
                {
                    "recipient": install,
                    "content": given["notification"]["alert"],
                    "provider_id": str(msg_id),
                    "batch_key": str(given.get("cid") or ""),
                    "day": day.isoformat(),
                    "outcome": "failed" if status == NO_TARGET else "delivered",
                }
            )
        push = self.pushes[msg_id] = Push(msg_id, day, targets, reached)
        return push

    def _validate(self, _: web.Request, given: dict[str, Any]) -> dict[str, Any]:
        self._targets(given)
        return {"sendno": "0", "msg_id": "0"}

    def _targets(self, given: dict[str, Any]) -> frozenset[str]:
        installs = (given.get("audience") or {}).get("registration_id")
        alert = (given.get("notification") or {}).get("alert")
        if not given.get("platform") or not isinstance(installs, list) or not alert:
            raise Refusal(400, 1002, "Missing parameter")
        if not 1 <= len(installs) <= 1000:
            raise Refusal(400, 1003, "The length of registration_id is invalid")
        strangers = set(installs) - self.installs
        if strangers and (self.is_strict or len(strangers) == len(set(installs))):
            raise Refusal(400, 1011, "cannot find user by this audience")
        return frozenset(installs)

    def _fate(self, install: str, day: date) -> int:
        lot = share("jpush", install, day)
        if lot < self.failed:
            return NO_TARGET
        return WAITING if lot < self.failed + self.late else DELIVERED

    def _status(self, _: web.Request, given: dict[str, Any]) -> dict[str, Any]:
        push = self.pushes.get(int(given["msg_id"]))
        if push is None or given.get("date") not in {None, push.sent_on.isoformat()}:
            raise Refusal(400, 3001, "msg_id is invalid")
        is_next_day = send_time(self.clock).date() > push.sent_on
        told = {}
        for install in given["registration_ids"]:
            status = NOT_OURS if install not in self.installs else push.reached.get(install, NO_TARGET)
            told[install] = {"status": DELIVERED if status == WAITING and is_next_day else status}
        return told

    def _received(self, request: web.Request, _: dict[str, Any]) -> list[dict[str, Any]]:
        found = []
        for msg_id in request.query["msg_ids"].split(","):
            push = self.pushes.get(int(msg_id))
            arrived = [status for status in push.reached.values() if status == DELIVERED] if push else []
            found.append(
                {
                    "msg_id": msg_id,
                    "jpush_received": len(arrived) or None,
                    "android_pns_sent": None,
                    "android_pns_received": None,
                    "ios_apns_sent": None,
                    "ios_apns_received": None,
                    "ios_msg_received": None,
                }
            )
        return found
