"""Messages that follow a template, one recipient a call: template messages and subscription messages.

Their outcome is pushed to the brand. `GET /sandbox/events?event=&since=<date>` stands for the brand's own collector,
which keeps the bodies of such pushes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from aiohttp import web

from tests.sandbox.fate import send_time, share
from tests.sandbox.platform import Clock
from tests.sandbox.weixin import Answer, Refusal

KEY_LIFE = timedelta(minutes=10)
"""For how long a repeat under the same `client_msg_id` is dropped."""

_FIELD = re.compile(r"\{\{(\w+)\.DATA\}\}")
_LONGEST = {"thing": 20, "phrase": 5, "name": 20, "character_string": 32, "number": 32}


@dataclass
class Notices:
    """Templates of one account by id, and what was sent. `refusal` is why an openid gets nothing, if anything is.

    `failed` of a hundred accepted messages fail. `consents` is how many messages of a template each user agreed to;
    None where nobody is asked.
    """

    clock: Clock
    deliveries: list[dict[str, Any]]
    refusal: Callable[[str], Refusal | None]
    stays: Callable[[str], bool]
    event_of: Callable[[dict[str, Any]], dict[str, Any]]
    templates: dict[str, str]
    consents: int | None = None
    failed: float = 0.02
    events: list[tuple[date, dict[str, Any]]] = field(default_factory=list)
    _spent: Counter[tuple[str, str]] = field(default_factory=Counter)
    _by_key: dict[tuple[str, str], tuple[Any, Answer]] = field(default_factory=dict)

    def send(self, given: Mapping[str, Any]) -> Answer:
        """Take one message."""
        openid, template = str(given.get("touser", "")), str(given.get("template_id", ""))
        if refusal := self.refusal(openid):
            raise refusal
        if template not in self.templates:
            raise Refusal(40037, "invalid template_id")
        values = self._values(template, given.get("data"))
        key = (openid, str(given.get("client_msg_id") or ""))
        earlier = self._by_key.get(key)
        if key[1] and earlier and self.clock.now() - earlier[0] < KEY_LIFE:
            return earlier[1]
        if self.consents is not None:
            if self._spent[openid, template] >= self.consents:
                raise Refusal(43101, "user refuse to accept the msg")
            self._spent[openid, template] += 1
        answer = self._accept(openid, template, values, str(given.get("url") or given.get("page") or ""))
        self._by_key[key] = (self.clock.now(), answer)
        return answer

    def routes(self) -> list[web.RouteDef]:
        """The brand's collector."""
        return [web.get("/sandbox/events", self._collected)]

    def _values(self, template: str, data: object) -> dict[str, str]:
        fields = _FIELD.findall(self.templates[template])
        given = data if isinstance(data, dict) else {}
        for name in fields:
            value = (given.get(name) or {}).get("value")
            longest = _LONGEST.get(name.rstrip("0123456789"), 200)
            if not isinstance(value, str) or not 1 <= len(value) <= longest:
                raise Refusal(47003, f"argument invalid! data.{name}.value {'invalid' if value else 'is empty'}")
        return {name: given[name]["value"] for name in fields}

    def _accept(self, openid: str, template: str, values: Mapping[str, str], link: str) -> Answer:
        # Beyond 2^53: whoever reads it as a float loses the last digits.
        msgid = 3_248_682_510_344_192_008 + len(self.deliveries)
        fails = share("notice", openid, template, send_time(self.clock).date()) < self.failed
        outcome = "blocked" if not self.stays(openid) else "failed" if fails else "sent"
        record = {
            "recipient": openid,
            "template": template,
            "content": _FIELD.sub(lambda found: values[found[1]], self.templates[template]),
            "link": link,
            "provider_id": str(msgid),
            "batch_key": "",
            "day": send_time(self.clock).date().isoformat(),
            "outcome": "sent" if outcome == "sent" else "failed",
        }
        self.deliveries.append(record)
        at = int(send_time(self.clock).timestamp()) + 2
        event = self.event_of({**record, "msgid": msgid, "outcome": outcome})
        self.events.append((send_time(self.clock).date(), {"CreateTime": at, "FromUserName": openid, **event}))
        return {"errcode": 0, "errmsg": "ok", "msgid": msgid}

    async def _collected(self, request: web.Request) -> web.Response:
        since = date.fromisoformat(request.query.get("since", "1970-01-01"))
        wanted = request.query.get("event")
        return web.json_response([body for day, body in self.events if day >= since and body["Event"] == wanted])
