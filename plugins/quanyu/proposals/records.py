"""What is compared: one record per store member and per WeCom contact that shows a name."""

from __future__ import annotations

from dataclasses import dataclass, field

Account = tuple[str, str, str]
"""(account_type, scope, account_id), as in the identity models."""

Mark = tuple[str, str, str]
"""(identifier_type, scope, value) of a unique identifier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One account with what it says of a person, in memory only.

    `person` is whoever identity takes the account for without any proposal; `is_open` says that the person has no
    account on the other side yet, `is_lone` that the account has neither a phone nor a tie to any other account.
    `marks` are the unique identifiers of the person; `day` counts days since 1970.
    """

    account: Account
    person: str
    is_open: bool
    is_lone: bool
    name: str = field(repr=False)
    store: str | None = None
    day: int | None = None
    birthday: str | None = field(default=None, repr=False)
    address: str | None = field(default=None, repr=False)
    marks: frozenset[Mark] = field(default=frozenset(), repr=False)

    def contradicts(self, other: Record) -> bool:
        """Whether a unique identifier says that these are two people."""
        shown = {(kind, scope): value for kind, scope, value in self.marks}
        return any(shown.get((kind, scope), value) != value for kind, scope, value in other.marks)
