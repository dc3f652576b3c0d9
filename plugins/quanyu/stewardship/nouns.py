"""What a steward speaks of: accounts, identifiers and decisions, and how each is written."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from quanyu.errors import ConfigurationError

PAIRS = ("same", "never_same")
OF_IDENTIFIERS = ("quarantine", "trust")
KINDS = (*PAIRS, "split", *OF_IDENTIFIERS)

_SCOPE_AND_ID = re.compile(r"((?:[^:\\]|\\.)+):(.+)", re.DOTALL)
_PHONE = re.compile(r"(?<!\d)1[3-9]\d(?:[\s-]?\d{4}){2}(?!\d)")


@dataclass(frozen=True, slots=True, order=True)
class Account:
    """A row that some system keeps about somebody, written `type:scope:id`."""

    account_type: str
    scope: str
    account_id: str

    @classmethod
    def parse(cls, text: str) -> Account:
        """Read `type:scope:id`: the id may hold anything, a colon within the scope is written `\\:`.

        Raises ConfigurationError, without the text: it may hold a personal value.
        """
        return cls(*_parts(text, "wecom_contact:corp:wmXYZ"))

    @property
    def key(self) -> str:
        """Its account_key."""
        return _key(self.account_type, self.scope, self.account_id)

    def __str__(self) -> str:
        # Some brands number their cards by phone; such an account is called by its key, which names it as well.
        return self.key if _PHONE.search(self.account_id) else _written(self.account_type, self.scope, self.account_id)


@dataclass(frozen=True, slots=True, order=True)
class Identifier:
    """A value that accounts show, as it lands: a phone is its token."""

    identifier_type: str
    scope: str
    value: str

    @classmethod
    def parse(cls, text: str) -> Identifier:
        """Read `type:scope:value` as `Account.parse` does."""
        return cls(*_parts(text, "unionid:open_platform:oXYZ"))

    @property
    def key(self) -> str:
        """Its identifier_key."""
        return _key(self.identifier_type, self.scope, self.value)

    def __str__(self) -> str:
        """The type and the ends of the value: enough to know it again, too little to use it."""
        # A birthday is two digits and two digits: any part of it is a part of somebody's birthday.
        hidden = self.identifier_type == "birthday"
        shown = 0 if hidden else 9 if len(self.value) > 20 else min(5, len(self.value) // 2)
        value = f"{self.value[: shown - shown // 3]}…{self.value[len(self.value) - shown // 3 :]}"
        return f"{self.identifier_type} {value}" + ("" if self.scope == "global" else f" of {self.scope}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What somebody decided, and from which business date until before which it holds.

    `same` and `never_same` have one account on each side; `split` has everybody of the person, each on one side;
    `quarantine` and `trust` have an identifier and no accounts. The id follows from the content.
    """

    decision: str
    decided_by: str
    reason: str
    effective_on: date
    left: tuple[Account, ...] = ()
    right: tuple[Account, ...] = ()
    identifier: Identifier | None = None
    revoked_on: date | None = None
    revoked_by: str | None = None
    decision_id: str = ""

    def __post_init__(self) -> None:
        if not self.decision_id:
            content = "|".join([self.decision, *map(repr, self.content), self.effective_on.isoformat()])
            digest = hashlib.sha256(content.encode()).hexdigest()[:12]
            object.__setattr__(self, "decision_id", f"{self.decision.replace('_', '-')}-{digest}")

    @property
    def content(self) -> tuple[Any, ...]:
        """What is said, whoever says it; which side is called left says nothing."""
        return self.identifier, *sorted([tuple(sorted(self.left)), tuple(sorted(self.right))])

    def stands_on(self, day: date) -> bool:
        """Whether a build of that business date sees it."""
        return self.effective_on <= day and (self.revoked_on is None or self.revoked_on > day)

    def __str__(self) -> str:
        what = str(self.identifier) if self.identifier else f"{_some(self.left)} / {_some(self.right)}"
        return f"{self.decision_id} ({self.decision.replace('_', ' ')}: {what}; {self.decided_by}: {self.reason})"


def command(name: str, *arguments: object) -> str:
    """A command of the desk as it can be pasted into a shell."""
    return shlex.join(["quanyu", "identity", name, *map(str, arguments)])


def counted(count: int, one: str, more: str) -> str:
    """A number and its noun."""
    return f"{count:,} {one if count == 1 else more}"


def holds_phone(text: str) -> bool:
    """Whether a text that is kept and shown in clear has something like a mobile number in it."""
    return _PHONE.search(text) is not None


def _key(*parts: str) -> str:
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]


def _written(kind: str, scope: str, own: str) -> str:
    escaped = scope.replace("\\", "\\\\").replace(":", "\\:")
    return f"{kind}:{escaped}:{own}"


def _parts(text: str, example: str) -> tuple[str, str, str]:
    kind, _, rest = text.partition(":")
    found = _SCOPE_AND_ID.fullmatch(rest)
    if not (kind and found):
        raise ConfigurationError(
            "a name is not of the form type:scope:id.",
            remedy=f"write for example {example}; a colon within the scope is written \\:.",
        )
    return kind, re.sub(r"\\(.)", r"\1", found[1]), found[2]


def _some(accounts: Sequence[Account]) -> str:
    more = f" and {len(accounts) - 2} more" if len(accounts) > 2 else ""
    return ", ".join(map(str, accounts[:2])) + more
