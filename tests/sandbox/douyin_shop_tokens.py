"""The pair of tokens of a Douyin shop, which a refresh leaves as it is until its last hour."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

from tests.sandbox.platform import Clock

_ACCESS, _REFRESH, _HOUR = timedelta(days=7), timedelta(days=14), timedelta(hours=1)


class Pair:
    """The newest pair, and until when every token that was ever given out lives."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = itertools.count(1)
        self._ends: dict[str, datetime] = {}
        self._mint()

    @property
    def ends_at(self) -> datetime:
        """The end of the newest access token."""
        return self._ends[self.access]

    def create(self) -> None:
        """The app asks for a pair: the living one, or a new one."""
        if not self.lives(self.access):
            self._mint()

    def renew(self, refresh: str) -> bool:
        """Refresh; False when the token for it is not the newest or dead."""
        now = self._clock.now()
        if refresh != self.refresh or now >= self._ends[self.refresh]:
            return False
        left, old = self.ends_at - now, self.access
        if left <= _HOUR:
            self._mint()
            self._ends[old] = now + _HOUR if left > timedelta() else now
        return True

    def kill(self) -> None:
        """Let the newest access token end now."""
        self._ends[self.access] = self._clock.now()

    def end(self) -> None:
        """The authorisation is over: no token of the newest pair is worth anything."""
        self._ends |= dict.fromkeys((self.access, self.refresh), self._clock.now())

    def was_issued(self, token: str) -> bool:
        """Whether this was ever a token."""
        return token in self._ends

    def lives(self, token: str) -> bool:
        """Whether a call with this access token is let in."""
        return self._clock.now() < self._ends[token]

    def _mint(self) -> None:
        number, now = next(self._numbers), self._clock.now()
        self.access, self.refresh = f"douyin-access-{number:06d}", f"douyin-refresh-{number:06d}"
        self._ends |= {self.access: now + _ACCESS, self.refresh: now + _REFRESH}
