"""Tokens of a user who allowed an app: a short-lived one, and one for renewing it that works once."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

from tests.sandbox.platform import Clock


class Rotation:
    """The living pair of one account. `renew` gives out a new pair and kills the old one, also when nobody hears it."""

    def __init__(self, clock: Clock, name: str, *, life: timedelta = timedelta(hours=24)) -> None:
        self._clock = clock
        self._name = name
        self._numbers = itertools.count(1)
        self.life = life
        self.mint()

    def mint(self) -> None:
        """A new pair; the old one is dead."""
        number = next(self._numbers)
        self.access, self.refresh = f"{self._name}-access-{number:06d}", f"{self._name}-refresh-{number:06d}"
        self._dies_at: datetime = self._clock.now() + self.life

    def mint_access(self) -> None:
        """A new short-lived token; the one for renewing stays, where a platform keeps it."""
        kept = self.refresh
        self.mint()
        self.refresh = kept

    def kill(self) -> None:
        """Let the short-lived token die before its time."""
        self._dies_at = self._clock.now()

    def lives(self, token: str | None) -> bool:
        """Whether a call with this token is let in."""
        return token == self.access and self._clock.now() < self._dies_at
