"""Who was this on that day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from quanyu.stewardship.naming import find_account, find_identifiers
from quanyu.stewardship.nouns import Identifier
from quanyu.vault import Vault
from quanyu.warehouse import Connection

# Every identifier that the account shows, or the one that is asked about, with its spell of that day and today's.
_OWNERS = """
select distinct
    shown.identifier_type, shown.identifier_scope, shown.identifier_value,
    past.one_id as one_id_then, past.valid_from, past.valid_to, today.one_id as one_id_now
from identity.int_identity__screened as shown
left join identity.bridge_identifier_customer as past
    on past.identifier_key = shown.identifier_key
    and past.valid_from <= %(day)s and (past.valid_to is null or past.valid_to > %(day)s)
left join identity.bridge_identifier_customer as today
    on today.identifier_key = shown.identifier_key and today.valid_to is null
where shown.source not in ('steward', 'proposals') and shown.kind <> 'attribute' and {which}
order by 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose an identifier was on a day, from when to when, and whose it is today; None is nobody's."""

    identifier: Identifier
    then: str | None
    since: date | None
    until: date | None
    now: str | None


def owners_on(connection: Connection, name: str, day: date, vault: Vault) -> list[Owner]:
    """Look up whose, on a day, a phone was (`phone:<number>`), or every identifier that an account shows.

    `name` is read as `find_account` reads it, which says what it raises.
    """
    if name.startswith("phone:"):
        keys = [identifier.key for identifier in find_identifiers(connection, name, vault)]
        which = "shown.identifier_key = any(%(keys)s)"
    else:
        keys = [find_account(connection, name, vault).key]
        which = "shown.account_key = any(%(keys)s)"
    rows = connection.execute(_OWNERS.format(which=which), {"keys": keys, "day": day}).fetchall()
    return [Owner(Identifier(*row[:3]), row[3], row[4], row[5], row[6]) for row in rows]
