"""Bilibili's open platform: the archives of one account and their figures, each call signed."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial

from quanyu.contracts import Connection, Grant, Page, Record
from quanyu.errors import ConfigurationError, NeedsPerson, QuanyuError, Rejected, Retryable, Throttled, TokenExpired
from quanyu.paging import numbered
from quanyu.settings import utc_now
from quanyu.tokens import Tokens, refreshed
from quanyu.transport import Http, json_of, place

_ARCHIVES = "/arcopen/fn/archive/viewlist"
_ARCHIVE_STAT = "/arcopen/fn/data/arc/stat"
_USER_STAT = "/arcopen/fn/data/user/stat"
_REFRESH = "/x/account-oauth2/v1/refresh_token"
_TOKEN_HOST = "https://api.bilibili.com"  # noqa: S105  # an address, and no secret
_PAGE = 50
_FIGURES = ("view", "danmaku", "reply", "favorite", "coin", "share", "like")
_USER_FIGURES = ("follower", "following", "arc_passed_total")

# Codes that all of Bilibili's interfaces have in common; no list of the open platform's own was readable.
_TOKEN_DEAD = frozenset({-2, -101, -658})
_NO_PERMISSION = frozenset({-4, -102, -403})
_TOO_OFTEN = frozenset({-412, -509, -799})
_ILL = frozenset({-500, -503, -504, -8888, None})
_LATER = "run the task again later; if it stays so, look at the platform's notices."


class Bilibili:
    """One account; `desk` is the host that gives out tokens."""

    def __init__(self, http: Http, desk: Http, where: Connection) -> None:
        self._http = http
        self._desk = desk
        self._where = where
        self._tokens = Tokens(http, where, self._issue)

    def archives(self, name: str, *, status: str = "all") -> Iterator[Sequence[Record]]:
        """Read the list of archives page by page; `name` is the place of its errors."""
        return numbered(name, partial(self._archives, status), size=_PAGE)

    def archive_stats(self, name: str) -> Iterator[Page]:
        """Ask for the figures of every published archive, one call each."""
        for archives in self.archives(name, status="pubed"):
            for archive in archives:
                with place(f"{name} {archive.get('resource_id')}"):
                    resource = str(archive.get("resource_id") or "")
                    figures = _counted(self._get(_ARCHIVE_STAT, {"resource_id": resource}), _FIGURES)
                yield Page([{"resource_id": resource, **figures}])

    def user_stats(self, name: str) -> Iterator[Page]:
        """Ask for the figures of the account itself."""
        with place(name):
            figures = _counted(self._get(_USER_STAT, {}), _USER_FIGURES)
        yield Page([{"account": self._where.account, **figures}])

    def _archives(self, status: str, page: int) -> tuple[Sequence[Record], int]:
        data = self._get(_ARCHIVES, {"pn": page, "ps": _PAGE, "status": status})
        total = (data.get("page") or {}).get("total")
        if not isinstance(total, int):
            raise Retryable("the list names no total.")
        return data.get("list") or [], total

    def _get(self, path: str, query: Mapping[str, str | int]) -> Record:
        def once(token: str) -> Record:
            headers = {"access-token": token, "Accept": "application/json", "Content-Type": "application/json"}
            signed = signed_headers(self._where.login, self._where.password, secrets.token_hex(16), utc_now())
            answer = self._http.exchange("GET", path, params=query, headers={**headers, **signed})
            return _data(json_of(answer))

        return self._http.retrying(lambda: self._tokens.call(once))

    def _issue(self, held: Grant | None) -> Grant:
        """Turn the pair over: a refresh token works once. Raises NeedsPerson when it is refused."""
        form = {
            "client_id": self._where.login,
            "client_secret": self._where.password,
            "grant_type": "refresh_token",
            "refresh_token": held.refresh_token if held else "",
        }
        return refreshed(
            lambda: _data(json_of(self._desk.exchange("POST", _REFRESH, data=form))), lifetime="expires_in"
        )


def signed_headers(key: str, secret: str, nonce: str, now: datetime, body: bytes = b"") -> dict[str, str]:
    """The headers that sign a call: HMAC-SHA256 over the sorted `x-bili-` lines, bare in `Authorization`."""
    signing = {
        "x-bili-accesskeyid": key,
        "x-bili-content-md5": hashlib.md5(body, usedforsecurity=False).hexdigest(),
        "x-bili-signature-method": "HMAC-SHA256",
        "x-bili-signature-nonce": nonce,
        "x-bili-signature-version": "2.0",
        "x-bili-timestamp": str(int(now.timestamp())),
    }
    text = "\n".join(f"{name}:{value}" for name, value in sorted(signing.items()))
    return {**signing, "Authorization": hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()}


def _counted(data: Record, figures: Sequence[str]) -> Record:
    """The record with its figures as integers: some answers write them as text."""
    return {**data, **{name: _whole(data[name]) for name in figures if name in data}}


def _whole(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _data(answer: Record) -> Record:
    if answer.get("code") != 0:
        raise error_of(answer)
    data = answer.get("data")
    if not isinstance(data, dict):
        raise Retryable("the answer has no data.")
    return data


def error_of(answer: Record) -> QuanyuError:
    """Translate a refusal, which comes with HTTP 200."""
    code = answer.get("code")
    message = f"code {code}, {answer.get('message') or 'no message'} (request {answer.get('request_id')})."
    if code in _TOKEN_DEAD:
        return TokenExpired(message)
    if code in _TOO_OFTEN:
        return Throttled(message)
    if code in _NO_PERMISSION:
        return NeedsPerson(message, remedy="have the app granted the scopes ARC_BASE, ARC_DATA and USER_INFO.")
    if code in _ILL:
        return Retryable(message, remedy=_LATER)
    return Rejected(message, remedy="check the app's key and secret, and that this machine's clock is right.")


@contextmanager
def connect(where: Connection, *, sleep: Callable[[float], None] = time.sleep) -> Iterator[Bilibili]:
    """Open one account."""
    refresh = str(where.extra.get("refresh_token") or "")
    if not (where.login and where.password and refresh and where.extra.get("account")):
        raise ConfigurationError(
            f"the connection quanyu_{where.name} is incomplete.",
            remedy="set login (client id), password (app secret), extra.access_token, extra.refresh_token and"
            " extra.account (the account's openid).",
        )
    tokens = replace(where, url=str(where.extra.get("token_url") or _TOKEN_HOST))
    known = (str(where.extra.get("access_token") or ""), refresh)
    with Http.of(where, *known, sleep=sleep) as http, Http.of(tokens, *known, sleep=sleep) as desk:
        yield Bilibili(http, desk, where)
