"""Every way a night can go wrong, by what to do about it.

    QuanyuError
    ├── Retryable            the same call may work in a moment (5xx, cut connection, HTML instead of JSON)
    │   └── Throttled        the platform named a time to wait: no call before `until`
    ├── TokenExpired         refresh the token once, then repeat
    ├── NotReady             the data is not there yet (no `.done`, report not computed); retry later
    ├── NeedsPerson          a human must act (authorise again, allow an address); no retry helps
    │   └── SwitchedOff      the receiver wants no call any more: none is made before a person lifts that
    ├── Rejected             the platform or the data is wrong and repeating will not help
    │   ├── SchemaDrift      a missing key or a changed type: the entity is frozen for the night
    │   └── GateFailed       expectations with severity `fail` did not hold
    ├── TooLate              the hours for it are over before the call: nothing left
    ├── DeliveryUnknown      the call left, no answer came back: the message may have been delivered
    └── ConfigurationError   a setting, connection or declaration is wrong

Each error says what happened and, in `remedy`, what a person does next. Neither may hold a secret or
a personal value: both end up in logs, in `ops.entity_load` and in the night's report.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from quanyu.contracts import Receipt


class QuanyuError(Exception):
    """Carry a message, the remedy, and (added on the way up) the place where it happened.

    `receipts` are what a channel knew of part of a batch before the error ended its call.
    """

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.place = ""
        self.receipts: Sequence[Receipt] = ()

    def at(self, place: str) -> QuanyuError:
        """Name the place, e.g. `tmall.trades 2026-11-20`; the innermost name wins."""
        self.place = self.place or place
        return self

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        todo = f" What to do: {self.remedy}" if self.remedy else ""
        return f"{where}{self.message}{todo}"


class Retryable(QuanyuError):
    """The same call may succeed in a moment."""


class Throttled(Retryable):
    """The platform refused for now; `until` (aware) is the earliest next call, None when it named no time."""

    def __init__(self, message: str, *, until: datetime | None = None, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.until = until


class TokenExpired(QuanyuError):
    """The access token is dead; a fresh one is worth exactly one more try."""


class NotReady(QuanyuError):
    """The data of that day is not there yet."""


class NeedsPerson(QuanyuError):
    """Only a human can go on."""


class SwitchedOff(NeedsPerson):
    """The receiver wants no call any more, on no night, until a person decides otherwise."""


class Rejected(QuanyuError):
    """Repeating the call cannot help."""


class SchemaDrift(Rejected):
    """A declared field is missing or changed its type."""


class GateFailed(Rejected):
    """Expectations with severity `fail` did not hold."""


class TooLate(QuanyuError):
    """The time in which calls may be made was over before this one."""

    def __init__(self) -> None:
        super().__init__("the send window closed before the call.", remedy="nothing; what is left is put off.")


class DeliveryUnknown(QuanyuError):
    """The request may have been carried out; only the channel's ability decides what is safe next."""


class ConfigurationError(QuanyuError):
    """A setting, a connection or a declaration is wrong."""
