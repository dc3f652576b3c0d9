"""A receiver of Standard Webhooks: checks every signature with the specification's own library, takes each id once.

POST /events   2xx when the event is taken or was taken before; 401 for a wrong signature

Fault kinds beyond the generic ones: `throttle` (429, Retry-After 1), `quota` (429, Retry-After an hour), `gone` (410),
`redirect` (302 to itself), `unwanted` (422), `bad_gateway` (502).
"""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from tests.sandbox.fate import send_time
from tests.sandbox.platform import ENTRY, Platform

SECRET = "whsec_c2FuZGJveC13ZWJob29rLXNlY3JldC0wMTIzNDU2Nzg5"
_STATUS = {"throttle": 429, "quota": 429, "gone": 410, "redirect": 302, "unwanted": 422, "bad_gateway": 502}
_HEADERS = {"throttle": {"Retry-After": "1"}, "quota": {"Retry-After": "3600"}, "redirect": {"Location": "/events"}}


class Webhook(Platform):
    """The endpoint; `secret` may be changed by a test."""

    name = "webhook"
    secret = SECRET

    def connection(self, url: str) -> dict[str, Any]:
        """The endpoint and the secret; a loopback address is private."""
        return {
            "conn_type": "http",
            "host": f"{url}/events",
            "login": "quanyu",
            "password": SECRET,
            "extra": {"allow_private": True},
        }

    def routes(self) -> list[web.RouteDef]:
        """The endpoint."""
        return [web.post("/events", self._event)]

    async def _event(self, request: web.Request) -> web.Response:
        body = await request.read()
        for kind, status in _STATUS.items():
            if self.faults.take(kind, request.path):
                request[ENTRY]["outcome"] = kind
                return web.Response(status=status, headers=_HEADERS.get(kind, {}))
        try:
            event = Verifier(self.secret).verify(body, dict(request.headers))
        except WebhookVerificationError:
            return web.Response(status=401)
        if len(body) >= 20_000:
            return web.Response(status=413)
        known = {delivery["provider_id"] for delivery in self.deliveries}
        if (webhook_id := request.headers["webhook-id"]) not in known:
            self.deliveries.append(
                {
                    "recipient": event["data"]["one_id"],
                    "content": json.dumps(event["data"], ensure_ascii=False),
                    "event": event,
                    "headers": dict(request.headers),
                    "body": body.decode(),
                    "provider_id": webhook_id,
                    "batch_key": "",
                    "day": send_time(self.clock).date().isoformat(),
                    "outcome": "delivered",
                }
            )
        return web.Response(status=202)
