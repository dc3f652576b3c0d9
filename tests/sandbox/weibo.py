"""Weibo's open API: the timeline of one account and the counts of its posts.

From the contract (low confidence): the token in the query, errors as HTTP 400 or 403 with `error_code` as a number or
a text, only the newest few posts of the account itself, counts as a bare list by id. Faults beyond the generic ones:
`throttle` (10009), `hour_limit` (10023), `token_expired` (21327), `unknown_column`, `changed_type`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from aiohttp import web

from tests.sandbox.faults import Faults
from tests.sandbox.platform import ENTRY, Clock, Platform
from tests.sandbox.world import World
from tests.sandbox.world.systems.weibo import WEIBO_UID, Post, posts, shown

Row = dict[str, Any]
Asked = Mapping[str, str]

_TIMELINE, _COUNTS = "/2/statuses/user_timeline.json", "/2/statuses/count.json"


class WeiboError(Exception):
    """A refusal in the platform's envelope; the code is a number or, as some gateways write it, a text."""

    def __init__(self, code: int | str, message: str, status: int = 403) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


class Weibo(Platform):
    """One account with one token that nobody can refresh."""

    name: ClassVar[str] = "weibo"

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        self._dead: set[str] = set()

    def routes(self) -> list[web.RouteDef]:
        """The two reads."""
        return [
            web.get(_TIMELINE, self._answering(self._timeline)),
            web.get(_COUNTS, self._answering(self._counts)),
        ]

    def connection(self, url: str) -> dict[str, Any]:
        """The token, and whose posts are read."""
        extra = {"access_token": "2.00sandboxweibotoken", "account": WEIBO_UID}
        return {"conn_type": "http", "host": url, "login": "3612345678", "password": "sandbox-weibo", "extra": extra}

    def _answering(self, answer: Callable[[Asked], Any]) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.Response:
            try:
                self._authorise(request)
                return web.json_response(answer(request.query))
            except WeiboError as error:
                request[ENTRY]["outcome"] = str(error.code)
                said = {"request": request.path, "error_code": error.code, "error": error.message}
                return web.json_response(said, status=error.status)

        return handle

    def _authorise(self, request: web.Request) -> None:
        token = request.query.get("access_token", "")
        if self.faults.take("throttle", request.path):
            raise WeiboError("10009", "Too many pending tasks, system is busy")
        if self.faults.take("hour_limit", request.path):
            raise WeiboError(10023, "User requests out of rate limit")
        if token != self.connection("")["extra"]["access_token"]:
            raise WeiboError(21332, "invalid_access_token", 400)
        if self.faults.take("token_expired", request.path):
            self._dead.add(token)
        if token in self._dead:
            raise WeiboError(21327, "expired_token")

    def _timeline(self, given: Asked) -> Row:
        if given.get("uid") != WEIBO_UID:
            raise WeiboError(20003, "User does not exists", 400)
        number, size = int(given.get("page", "1")), int(given.get("count", "20"))
        if number < 1 or not 1 <= size <= 100:
            raise WeiboError(10017, "page must be positive and count in 1..100", 400)
        end = self.clock.end
        rows = [self._status(of) for of in shown(self.world, end)[(number - 1) * size : number * size]]
        total = sum(of.posted_at < end for of in posts(self.world))
        return {"statuses": self._drifted(rows, "reposts_count", _TIMELINE), "total_number": total}

    def _status(self, of: Post) -> Row:
        reposts, comments, likes = of.counts(self.clock.end)
        return {
            "id": of.id,
            "idstr": str(of.id),
            "mid": str(of.id),
            "created_at": f"{of.posted_at:%a %b %d %H:%M:%S %z %Y}",
            "text": of.text,
            "source": '<a href="https://weibo.com">微博网页版</a>',
            "reposts_count": reposts,
            "comments_count": comments,
            "attitudes_count": likes,
            "pic_urls": [],
            "user": {"id": int(WEIBO_UID), "screen_name": "全域母婴"},
        }

    def _counts(self, given: Asked) -> list[Row]:
        wanted = given.get("ids", "").split(",")
        if not 1 <= len(wanted) <= 100:
            raise WeiboError(10017, "ids must be 1 to 100", 400)
        rows = []
        for of in posts(self.world):
            if str(of.id) in wanted and of.posted_at < self.clock.end:
                reposts, comments, likes = of.counts(self.clock.end)
                rows.append({"id": of.id, "comments": comments, "reposts": reposts, "attitudes": likes})
        return self._drifted(rows, "reposts", _COUNTS)

    def _drifted(self, rows: list[Row], changed: str, path: str) -> list[Row]:
        """Schema drift: a column nobody knows, a count that became a text."""
        is_wider, is_other = self.faults.take("unknown_column", path), self.faults.take("changed_type", path)
        for row in rows:
            if is_wider:
                row["x_new_field"] = "17"
            if is_other:
                row[changed] = str(row[changed])
        return rows
