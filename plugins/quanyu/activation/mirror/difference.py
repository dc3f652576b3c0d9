"""What separates a list from its segment: who is to be added and who is to go."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from psycopg import sql

from quanyu.activation.consent import NO_CONSENT, NO_CONSENT_TODAY
from quanyu.activation.decide import columns_of, held_out, members_of
from quanyu.activation.mirror.lists import List
from quanyu.activation.mirror.rows import change
from quanyu.warehouse import Connection

IS_ERASED = "(%(is_of_phones)s and not exists (select from vault.secret where secret.token = asked.address))"
"""Whether the vault has forgotten an address of `asked`."""

_WANTED = """
insert into wanted
select distinct on (asked.address, coalesce(asked.sender, ''))
    asked.address, coalesce(asked.sender, ''), asked.one_id, coalesce(asked.account_key, '')
from {members} as member
inner join marts.bridge_customer_addresses as asked using (one_id)
where asked.channel = %(audience)s and asked.address is not null
    and not {held_out} and {no_consent} is null and not {is_erased}
order by asked.address, coalesce(asked.sender, ''), asked.one_id
"""

# Of these the platform certainly has nothing.
_FORGET = "delete from {rows} where {mine} and state in ('wanted', 'refused') and not {is_wanted}"

# A row with a ticket is at the platform just now: it changes when the platform has said what came of it.
_LEAVE = """
update {rows} set state = 'removing', changed_at = clock_timestamp()
where {mine} and state in ('adding', 'present') and ticket = '' and not {is_wanted}
"""

# Owed: somebody said no, or is to be forgotten. No person is asked before that is done.
_OWE = """
update {rows} set is_owed = owed.is_owed
from (
    select asked.address, asked.sender,
        {is_erased} or coalesce({no_consent} in ('below 14', 'opted out'), false) or exists (
        select from marts.fct_consents as said
        where said.channel = asked.channel and said.purpose = %(consent)s and not said.is_granted
            and said.one_id = coalesce(
                (select one_id_current from marts.bridge_one_id_alias as alias where alias.one_id_old = asked.one_id),
                asked.one_id
            )
    ) as is_owed
    from (select known.*, known.audience as channel from {rows} where {mine} and state = 'removing') as asked
) as owed
where {mine} and known.address = owed.address and known.sender = owed.sender
"""

# The removal may have been carried out already; adding again is what certainly brings them back.
_RETURN = """
update {rows} set state = 'adding', is_owed = false, code = '', refusals = 0, changed_at = clock_timestamp()
where {mine} and state = 'removing' and ticket = '' and {is_wanted}
"""

_TRY_AGAIN = """
update {rows} set state = 'wanted', changed_at = clock_timestamp()
where {mine} and state = 'refused' and not_before <= %(date)s
"""

_RENAME = """
update {rows} set one_id = wanted.one_id, account_key = wanted.account_key from wanted
where {mine} and known.address = wanted.address and known.sender = wanted.sender
    and (known.one_id, known.account_key) is distinct from (wanted.one_id, wanted.account_key)
"""

_ENTER = """
insert into activation.audience_member (audience, segment, address, sender, one_id, account_key, state)
select %(audience)s, %(segment)s, address, sender, one_id, account_key, 'wanted' from wanted
on conflict do nothing
"""

_IS_WANTED = """exists (
    select from wanted where wanted.address = known.address and wanted.sender = known.sender
)"""


_IS_THERE = """
update {rows} set state = 'present', code = '', refusals = 0
where {mine} and state in ('wanted', 'adding', 'refused') and address = any(%(told)s)
"""

_IS_MISSING = """
update {rows} set code = 'not in the list', sealed = null, state = {outcome}
where {mine} and state = 'present' and address <> all(%(told)s)
"""

_IS_OUT = "delete from {rows} where {mine} and state = 'removing' and address <> all(%(told)s)"

# Put there by hand: a list of ours equals its segment.
_IS_STRANGER = """
insert into activation.audience_member (audience, segment, address, one_id, state)
select %(audience)s, %(segment)s, told, '', 'removing' from unnest(%(told)s::text[]) as told
where not exists (select from {rows} where {mine} and address = told)
"""


def differ(connection: Connection, of: List, business_date: date, salt: str) -> None:
    """Bring the rows in line with the published segment, in the caller's transaction."""
    connection.execute(
        "create temporary table if not exists wanted (address text, sender text, one_id text, account_key text,"
        " primary key (address, sender)) on commit drop"
    )
    if of.definition is not None:
        columns_of(connection, of.segment)
        change(
            connection,
            of,
            _WANTED,
            {"salt": salt, "holdout": of.definition.holdout},
            members=members_of(of.segment),
            held_out=held_out("one_id"),
            no_consent=sql.SQL(NO_CONSENT),
            is_erased=sql.SQL(IS_ERASED),
        )
    connection.execute("analyze wanted")
    for step in (_FORGET, _LEAVE, _OWE, _RETURN, _TRY_AGAIN, _RENAME, _ENTER):
        change(
            connection,
            of,
            step,
            {"date": business_date},
            is_wanted=sql.SQL(_IS_WANTED),
            no_consent=sql.SQL(NO_CONSENT_TODAY),
            is_erased=sql.SQL(IS_ERASED),
        )
    # A list that has just grown from nothing to a million is read in batches next.
    connection.execute("analyze activation.audience_member")


def start_anew(connection: Connection, of: List) -> None:
    """The platform has another list under the name than the one that was filled: nobody is in it."""
    change(connection, of, "delete from {rows} where {mine} and state = 'removing'")
    change(
        connection,
        of,
        "update {rows} set state = 'wanted', ticket = '', sealed = null"
        " where {mine} and state in ('adding', 'present')",
    )


def believe(connection: Connection, of: List, told: Iterable[str], business_date: date, *, is_verdict: bool) -> None:
    """Take over who the platform says is in the list.

    Who was acknowledged and is missing is to be added again; missing right after that, they are refused (`is_verdict`).
    """
    values = {"told": sorted(set(told)), "date": business_date}
    missing = "'refused', refusals = refusals + 1, not_before = {rest}" if is_verdict else "'wanted'"
    for step in (_IS_THERE, _IS_MISSING.replace("{outcome}", missing), _IS_OUT, _IS_STRANGER):
        change(connection, of, step, values)
