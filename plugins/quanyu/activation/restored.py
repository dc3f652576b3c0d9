"""Claims kept outside the database, from which a ledger that was restored from an older copy learns what it forgot.

A restored ledger says `pending` of messages that people have in their hands. So each claim is written down before its
call, and whoever sends compares first: what was claimed and is unknown becomes `sending` again, under the batch key of
then, and is resolved as after a crash. A line holds keys made by HMAC, no address and no name.

    QUANYU_HOME/claims/<channel>/<business date>.jsonl    one line per claim, for as long as its date may send
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from quanyu.activation.ledger import Batch
from quanyu.contracts import Record
from quanyu.errors import ConfigurationError, NeedsPerson
from quanyu.warehouse import Connection

log = logging.getLogger(__name__)

_REASON = "claimed before the ledger was restored"

_CLAIMED = """
with claimed as (
    select * from unnest(
        %(keys)s::text[], %(attempts)s::int[], %(batches)s::text[], %(times)s::timestamptz[], %(days)s::date[],
        %(provider_keys)s::text[]
    ) as claimed (key, attempt, batch_key, batch_at, sent_on, provider_key)
)
"""

# Of a claim that it knows the ledger has the attempt, or a later one: no row of a ledger that forgot nothing is hit.
_WAKE = (
    _CLAIMED
    + """
update activation.message set state = 'pending' from claimed
where message.key = claimed.key and message.attempt < claimed.attempt and state in ('held', 'deferred')
"""
)

_LEARN = (
    _CLAIMED
    + """
update activation.message set state = 'sending', reason = %(reason)s, attempt = claimed.attempt,
    batch_key = claimed.batch_key, batch_at = claimed.batch_at, sent_on = claimed.sent_on,
    provider_key = claimed.provider_key, lease_until = %(at)s, not_before = null
from claimed
where message.key = claimed.key and message.attempt < claimed.attempt and state in ('pending', 'sending')
"""
)

_STRANGERS = (
    _CLAIMED
    + """
select count(*) from claimed where not exists (select from activation.message where message.key = claimed.key)
"""
)


@dataclass(frozen=True, slots=True)
class ClaimLog:
    """The files under one folder. Several processes may write at once: a line is appended in one piece."""

    folder: Path

    def note(self, channel: str, business_date: date, batch: Batch, *, at: datetime) -> None:
        """Write a claim down, before its call. Raises ConfigurationError when that is impossible."""
        first = batch.messages[0]
        line = {
            "batch_key": batch.key,
            "attempt": batch.attempt,
            "at": at.isoformat(),
            "sent_on": first.sent_on.isoformat() if first.sent_on else None,
            "provider_key": first.provider_key,
            "keys": batch.keys,
        }
        path = self.path(channel, business_date)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab") as file:
                # What a full disk cut off stays a line of its own.
                file.write(b"\n" + json.dumps(line).encode())
        except OSError as error:
            raise ConfigurationError(
                f"a claim cannot be written to {path} ({type(error).__name__}), and nothing is sent without.",
                remedy="make QUANYU_HOME writable for the workers and free some space.",
            ) from None

    def claims(self, channel: str, business_date: date) -> Iterator[Record]:
        """Every claim of a channel's night, oldest first; a line that was cut off never came to its call."""
        path = self.path(channel, business_date)
        if not path.exists():
            return
        with path.open("rb") as file:
            for line in file:
                try:
                    yield json.loads(line)
                except ValueError:
                    continue

    def forget(self, channel: str, *, before: date) -> None:
        """Drop the nights that may not send any more."""
        for path in (self.folder / channel).glob("*.jsonl"):
            if path.stem < before.isoformat():
                path.unlink(missing_ok=True)

    def path(self, channel: str, business_date: date) -> Path:
        """The file of a channel's night."""
        return self.folder / channel / f"{business_date}.jsonl"


def relearn(connection: Connection, claims: ClaimLog, channel: str, business_date: date, *, at: datetime) -> int:
    """Give a ledger back the claims that it forgot; return of how many messages. 0 for one that was never restored.

    Raises NeedsPerson when messages were claimed that it does not know at all: the night was planned otherwise since,
    and who has got something cannot be told from a key.
    """
    claims.forget(channel, before=business_date - timedelta(days=1))
    newest = {key: claim for claim in claims.claims(channel, business_date) for key in claim["keys"]}
    if not newest:
        return 0
    values: dict[str, Any] = {
        "keys": list(newest),
        "attempts": [claim["attempt"] for claim in newest.values()],
        "batches": [claim["batch_key"] for claim in newest.values()],
        "times": [claim["at"] for claim in newest.values()],
        "days": [claim["sent_on"] for claim in newest.values()],
        "provider_keys": [claim["provider_key"] for claim in newest.values()],
        "reason": _REASON,
        "at": at,
    }
    row = connection.execute(_STRANGERS, values).fetchone()
    if row and row[0]:
        raise NeedsPerson(
            f"{row[0]} messages of {business_date} were handed to {channel} that the ledger does not know: it was"
            " restored from an older copy, and the night is planned differently now.",
            remedy="restore what the plan rests on and plan that night again; or, once whoever is waiting may hear"
            f" from you a second time, move {claims.path(channel, business_date)} away.",
        )
    connection.execute(_WAKE, values)
    count = connection.execute(_LEARN, values).rowcount
    if count:
        log.warning(
            "%s %s: the ledger forgot that %d messages were claimed; it was restored. They are settled, not sent.",
            channel,
            business_date,
            count,
        )
    return count
