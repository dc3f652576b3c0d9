"""The waterfall of mirrors: what became of everybody in a mirrored segment. It sums, exactly, after every run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from psycopg import sql

from quanyu import warehouse
from quanyu.activation.consent import NO_CONSENT
from quanyu.activation.decide import held_out, members_of
from quanyu.activation.ledger import fetch
from quanyu.activation.mirror.difference import IS_ERASED
from quanyu.activation.mirror.lists import List
from quanyu.warehouse import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorRow:
    """One list of one night; people, and beyond them `leaving` addresses that the platform may still have.

    mirrored: an address of theirs is acknowledged. refused: the platform took none of theirs.
    waiting: to be added, but on its way, held, below the platform's least size, or a call failed; `note` says why.
    """

    audience: str
    segment: str
    people: int
    mirrored: int
    holdout: int
    unreachable: int
    no_consent: int
    refused: int
    waiting: int
    leaving: int
    note: str

    @property
    def difference(self) -> int:
        """People less all parts; anything but 0 is a defect."""
        parts = self.mirrored + self.holdout + self.unreachable + self.no_consent + self.refused + self.waiting
        return self.people - parts


# The address that got furthest speaks for a person.
_COUNT = """
with asked as (
    select asked.*
    from {members} as member inner join marts.bridge_customer_addresses as asked using (one_id)
    where asked.channel = %(audience)s and asked.address is not null and not {is_erased}
),

judged as (
    select asked.one_id, known.state, {no_consent} is null as is_willing
    from asked
    left join activation.audience_member as known
        on known.audience = %(audience)s and known.segment = %(segment)s
        and known.address = asked.address and known.sender = coalesce(asked.sender, '')
),

standing as (
    select
        one_id,
        bool_or(is_willing) as is_willing,
        bool_or(is_willing and state = 'present') as is_mirrored,
        bool_and(state = 'refused') filter (where is_willing) as is_refused
    from judged
    group by one_id
),

fate as (
    select case
        when {held_out} then 'holdout'
        when standing.one_id is null then 'unreachable'
        when not standing.is_willing then 'no_consent'
        when standing.is_mirrored then 'mirrored'
        when standing.is_refused then 'refused'
        else 'waiting'
    end as part
    from {members} as member left join standing using (one_id)
)

select
    count(*) filter (where part = 'mirrored') as mirrored, count(*) filter (where part = 'holdout') as holdout,
    count(*) filter (where part = 'unreachable') as unreachable,
    count(*) filter (where part = 'no_consent') as no_consent, count(*) filter (where part = 'refused') as refused,
    count(*) filter (where part = 'waiting') as waiting, (select count(*) from {members}) as people
from fate
"""

_NOBODY = {"mirrored": 0, "holdout": 0, "unreachable": 0, "no_consent": 0, "refused": 0, "waiting": 0, "people": 0}


def record(connection: Connection, of: List, business_date: date, *, salt: str, note: str) -> None:
    """Count a list as it stands and keep it as the night's last word."""
    parts = dict(_NOBODY)
    if of.definition is not None:
        query = sql.SQL(_COUNT).format(
            members=members_of(of.segment),
            held_out=held_out("one_id"),
            no_consent=sql.SQL(NO_CONSENT),
            is_erased=sql.SQL(IS_ERASED),
        )
        parts = fetch(connection, query, of.values | {"salt": salt, "holdout": of.definition.holdout})[0]
    connection.execute(
        "insert into activation.audience_night (business_date, audience, segment, people, mirrored, holdout,"
        " unreachable, no_consent, refused, waiting, leaving, note) select %(date)s, %(audience)s, %(segment)s,"
        " %(people)s, %(mirrored)s, %(holdout)s, %(unreachable)s, %(no_consent)s, %(refused)s, %(waiting)s,"
        " (select count(*) from activation.audience_member where audience = %(audience)s and segment = %(segment)s"
        " and state = 'removing'), %(note)s"
        " on conflict (business_date, audience, segment) do update set people = excluded.people,"
        " mirrored = excluded.mirrored, holdout = excluded.holdout, unreachable = excluded.unreachable,"
        " no_consent = excluded.no_consent, refused = excluded.refused, waiting = excluded.waiting,"
        " leaving = excluded.leaving, note = excluded.note, counted_at = clock_timestamp()",
        of.values | parts | {"date": business_date, "note": note},
    )


def waterfall(dsn: str, business_date: date) -> list[MirrorRow]:
    """One row per list of a night, as its last run left it; empty when nothing was mirrored."""
    with warehouse.connect(dsn) as connection:
        rows = fetch(
            connection,
            "select audience, segment, people, mirrored, holdout, unreachable, no_consent, refused, waiting, leaving,"
            " note from activation.audience_night where business_date = %(date)s order by audience, segment",
            {"date": business_date},
        )
    return [MirrorRow(**row) for row in rows]
