"""From a steward's words on the command line to decisions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from quanyu.errors import ConfigurationError, NotReady
from quanyu.stewardship.naming import find_account, find_identifiers, one_id_of, person_of
from quanyu.stewardship.nouns import Account, Decision, Identifier
from quanyu.vault import Vault
from quanyu.warehouse import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Who decides, why, and from which business date on (None: from that of the night readers see)."""

    connection: Connection
    vault: Vault
    who: str
    why: str
    starts: date | None

    def pair(self, kind: str, one: str, other: str) -> Decision:
        """Decide about two accounts; which of them was named first says nothing."""
        left, right = sorted(find_account(self.connection, name, self.vault) for name in (one, other))
        return self._decision(kind, left=[left], right=[right])

    def split(self, person: str, off: Iterable[str]) -> Decision:
        """Take accounts off a person. Raises ConfigurationError when one of them is somebody else's."""
        left = {find_account(self.connection, name, self.vault) for name in off}
        one_id = one_id_of(self.connection, find_account(self.connection, person, self.vault))
        everybody = sorted(person_of(self.connection, one_id)) if one_id else []
        if strangers := sorted(left.difference(everybody)):
            raise ConfigurationError(
                f"{strangers[0]} is no account of {one_id or 'that person, who is nobody so far'}.",
                remedy="name accounts of one person; quanyu identity explain says whose an account is.",
            )
        return self._decision("split", left=sorted(left), right=[one for one in everybody if one not in left])

    def about(self, kind: str, identifier: str) -> list[Decision]:
        """Decide about an identifier: several decisions where a phone landed as several hashes only."""
        found = find_identifiers(self.connection, identifier, self.vault)
        return [self._decision(kind, identifier=one) for one in found]

    def _decision(
        self,
        kind: str,
        *,
        left: Iterable[Account] = (),
        right: Iterable[Account] = (),
        identifier: Identifier | None = None,
    ) -> Decision:
        return Decision(
            decision=kind,
            decided_by=self.who,
            reason=self.why,
            effective_on=self.starts or published_date(self.connection),
            left=tuple(left),
            right=tuple(right),
            identifier=identifier,
        )


def published_date(connection: Connection) -> date:
    """The business date of the night readers see. Raises NotReady before the first one."""
    row = connection.execute("select max(business_date) from ops.publication").fetchone()
    if not (row and isinstance(row[0], date)):
        raise NotReady("no night was published yet.", remedy="run a night first, or name the day with --date.")
    return row[0]
