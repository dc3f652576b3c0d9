"""What every app of the `api.weixin.qq.com` family has: its appid and secret, the stable token, drift of its rows.

POST /cgi-bin/stable_token   the same token for as long as it lives; `force_refresh` kills it, 20 times a day
GET  /cgi-bin/token          a token of its own, each kills the one before
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from aiohttp import web

from tests.sandbox.faults import Faults
from tests.sandbox.platform import Clock
from tests.sandbox.weixin import Answer, Refusal, Weixin
from tests.sandbox.world import World


class WeixinApp(Weixin):
    """One app; a subclass adds `appid`, `secret` and what it serves."""

    killed_code = 40001
    throttled = (45011, "api minute-quota reach limit, must slower, retry next minute")
    appid: ClassVar[str]
    secret: ClassVar[str]
    drifting: ClassVar[str] = ""
    """The field that fault `changed_type` makes a list of its value."""

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        self.daily_quota = {"force_refresh": 20}
        self._newest = ""
        self._stable = ""
        self._forced_at: datetime | None = None

    def connection(self, url: str) -> dict[str, Any]:
        """Log in with appid and secret."""
        return {"conn_type": "http", "host": url, "login": self.appid, "password": self.secret, "extra": {}}

    def routes(self) -> list[web.RouteDef]:
        """The token calls, then the app's own."""
        return [
            web.get("/cgi-bin/token", self.serve(self._token, has_token=False)),
            web.post("/cgi-bin/stable_token", self.serve(self._stable_token, has_token=False)),
            *(web.post(path, self.serve(handle)) for path, handle in self.calls().items()),
        ]

    def calls(self) -> Mapping[str, Callable[[Mapping[str, Any]], Answer]]:
        """Paths that are called with POST and a token."""
        raise NotImplementedError

    def explain(self, refusal: Refusal) -> str:
        """End every message with the request id that support asks for."""
        digest = hashlib.md5(f"rid-{self.refusals}".encode()).hexdigest()
        return f"{refusal.message} rid: {digest[:8]}-{digest[8:16]}-{digest[16:24]}"

    def drifted(self, rows: Iterable[Answer], path: str) -> list[Answer]:
        """Rows with a column nobody knows, or with one of another type, when such a fault is armed."""
        shown = list(rows)
        if self.faults.take("unknown_column", path):
            shown = [{**row, "x_new_field": "17"} for row in shown]
        if self.faults.take("changed_type", path):
            shown = [{**row, self.drifting: [row[self.drifting]]} if self.drifting in row else row for row in shown]
        return shown

    def _token(self, given: Mapping[str, Any]) -> Answer:
        self._check_credentials(given)
        self.tokens.kill(self._newest)
        self._newest = self.tokens.issue()
        return {"access_token": self._newest, "expires_in": self.tokens.left(self._newest)}

    def _stable_token(self, given: Mapping[str, Any]) -> Answer:
        self._check_credentials(given)
        if given.get("force_refresh") is True:
            self._force()
        elif self.tokens.left(self._stable) <= 300:
            # Rotated five minutes early; both tokens work until the old one ends.
            self._stable = self.tokens.issue()
        return {"access_token": self._stable, "expires_in": self.tokens.left(self._stable)}

    def _force(self) -> None:
        self.count("force_refresh")
        now = self.clock.now()
        if self._forced_at and now - self._forced_at < timedelta(seconds=30):
            raise Refusal(*self.throttled)
        self._forced_at = now
        self.tokens.kill(self._stable)
        self._stable = self.tokens.issue()

    def _check_credentials(self, given: Mapping[str, Any]) -> None:
        if given.get("grant_type") != "client_credential":
            raise Refusal(40002, "invalid grant_type")
        if given.get("appid") != self.appid:
            raise Refusal(40013, "invalid appid")
        if given.get("secret") != self.secret:
            raise Refusal(40125, "invalid appsecret")
