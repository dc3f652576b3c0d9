"""Access tokens with a life: kept, renewed once when they are dead, and shared with every other process.

A client says how its platform issues a token (`issue`) and wraps each call (`Tokens.call`). Where the platform
rotates a refresh token, the new pair is kept in the connection's store before anybody uses it; one process renews at
a time, and whoever comes second finds the token of the first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from quanyu.contracts import Connection, Grant, Record, TokenSlot
from quanyu.errors import NeedsPerson, Rejected, TokenExpired
from quanyu.settings import utc_now
from quanyu.transport import Http

MARGIN = timedelta(seconds=60)
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)
_A_DAY = 86_400
# Longer than any token lives, in seconds; as a moment it lies in 2001.
_LONGEST_SPAN = 1_000_000_000
_AUTHORISE = "authorise the app again and put the new tokens into the connection's extra."

T = TypeVar("T")

Issue = Callable[[Grant | None], Grant]
"""Get a new grant from the platform: by the refresh token of the last one, or (None) by the app's credentials."""


class Tokens:
    """The access token of one connection.

    The first grant is what the connection's extra holds (`access_token`, `refresh_token`), as a person put it there;
    without an `access_token` the first call asks `issue` for one. `remedy` says what a person does when a fresh
    token is refused too.
    """

    def __init__(self, http: Http, where: Connection, issue: Issue, *, remedy: str = _AUTHORISE) -> None:
        self._http = http
        self._where = where
        self._issue = issue
        self._remedy = remedy
        self._seed = _seed(where)
        self._memory = _Memory()
        self._grant: Grant | None = None

    def call(self, once: Callable[[str], T]) -> T:
        """Run `once(access_token)`; when it raises TokenExpired, renew once and run it again.

        Raises NeedsPerson when the new token is refused as well.
        """
        token = self.current()
        try:
            return once(token)
        except TokenExpired:
            token = self._renewed(refused=token)
        try:
            return once(token)
        except TokenExpired as error:
            raise NeedsPerson(f"{error.message} Even the token issued a moment ago.", remedy=self._remedy) from None

    def current(self, *, refused: str = "") -> str:
        """The token to call with: another than the one that the platform `refused`."""
        held = self._grant
        if held is None or held.access_token == refused or utc_now() >= held.expires_at - MARGIN:
            return self._renewed(refused=refused)
        return held.access_token

    def _renewed(self, refused: str) -> str:
        with self._slot() as slot:
            held = slot.get() or self._seed
            if held is None or held.access_token == refused or utc_now() >= held.expires_at - MARGIN:
                held = self._issue(held)
                slot.put(held)
        self._grant = held
        for secret in (held.access_token, held.refresh_token):
            self._http.keep_secret(secret)
        return held.access_token

    @contextmanager
    def _slot(self) -> Iterator[TokenSlot]:
        if self._where.tokens is None:
            yield self._memory
            return
        with self._where.tokens.exclusive(self._where.account, _fingerprint(self._seed)) as slot:
            yield slot


def refreshed(call: Callable[[], Record], *, lifetime: str, kept: str = "") -> Grant:
    """Make a refresh call and read the grant in its data; `lifetime` names how long the new token lives.

    `kept` is the refresh token that goes on where the answer brings none. Raises NeedsPerson when the platform
    refuses, or answers without a token: it may have turned the pair over, and then nobody knows the new one.
    """
    try:
        data = call()
    except (TokenExpired, Rejected, NeedsPerson) as error:
        raise NeedsPerson(f"the refresh token is refused: {error.message}", remedy=_AUTHORISE) from None
    access, refresh = str(data.get("access_token") or ""), str(data.get("refresh_token") or kept)
    if not access or not refresh:
        raise NeedsPerson("the answer to the refresh holds no tokens.", remedy=_AUTHORISE)
    return Grant(access_token=access, refresh_token=refresh, expires_at=_end(data.get(lifetime)))


def _end(told: object) -> datetime:
    """When a token ends: told as a span in seconds or as a moment; a day from now when it is not told at all."""
    seconds = (int(str(told)) if str(told).isdecimal() else 0) or _A_DAY
    return datetime.fromtimestamp(seconds, UTC) if seconds > _LONGEST_SPAN else utc_now() + timedelta(seconds=seconds)


class _Memory:
    """The slot of a client that runs alone."""

    def __init__(self) -> None:
        self._grant: Grant | None = None

    def get(self) -> Grant | None:
        return self._grant

    def put(self, grant: Grant) -> None:
        self._grant = grant


def _seed(where: Connection) -> Grant | None:
    access, refresh = (str(where.extra.get(name) or "") for name in ("access_token", "refresh_token"))
    # How long the token in a connection lives is not said there: it is used until the platform refuses it.
    return Grant(access_token=access, refresh_token=refresh, expires_at=_NEVER) if access or refresh else None


def _fingerprint(seed: Grant | None) -> str:
    text = f"{seed.access_token}|{seed.refresh_token}" if seed else ""
    return hashlib.sha256(text.encode()).hexdigest()
