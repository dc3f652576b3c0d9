"""Why somebody hears from us or does not: memberships, the last decisions, messages and permissions of one person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from quanyu import warehouse
from quanyu.errors import Rejected
from quanyu.warehouse import Connection

_NAME = """
select coalesce(
    (select one_id_current from marts.bridge_one_id_alias where one_id_old = %(one_id)s),
    (select one_id from marts.bridge_customer_accounts where one_id = %(one_id)s limit 1)
)
"""

_STAYS = """
select stay.segment, stay.entered_on, stay.exited_on, stay.entered_because, coalesce(stay.exited_because, ''),
    coalesce(last.business_date, stay.entered_on), coalesce(last.outcome, ''), coalesce(last.channel, ''),
    coalesce(last.detail, '')
from activation.segment_membership as stay
left join lateral (
    select business_date, outcome, channel, detail
    from activation.plan inner join activation.decision using (business_date, segment)
    where segment = stay.segment and decision.one_id = any(%(names)s)
        and business_date >= stay.entered_on
        and (stay.exited_on is null or business_date < stay.exited_on)
    order by business_date desc limit 1
) as last on true
where stay.one_id = any(%(names)s)
order by stay.exited_on is not null, stay.entered_on desc, stay.segment
"""

_MESSAGES = """
select business_date, segment, channel, state, reason, code, changed_at from activation.message
where one_id = any(%(names)s)
    or account_key in (
        select account_key from marts.bridge_customer_accounts where one_id = %(one_id)s and account_key <> ''
    )
order by business_date desc, segment limit 50
"""

_PERMISSIONS = """
with reached as (
    select channel, count(*) as addresses, array_agg(address) as own
    from marts.bridge_customer_addresses where one_id = %(one_id)s group by channel
)

select
    coalesce(reached.channel, consent.channel), coalesce(reached.addresses, 0), coalesce(consent.purpose, ''),
    consent.is_granted, consent.decided_at, coalesce(consent.source, ''), coalesce(consent.text_version, ''),
    (
        select max(heard_at) from activation.opt_out
        where opt_out.channel = reached.channel and opt_out.address = any(reached.own)
    )
from reached
full join (select * from marts.fct_consents where one_id = %(one_id)s) as consent using (channel)
order by 1, 3
"""


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay in a segment and the last decision in it; `outcome` is empty when none was planned."""

    segment: str
    entered_on: date
    exited_on: date | None
    entered_because: str
    exited_because: str
    decided_on: date
    outcome: str
    channel: str
    detail: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A message of the ledger."""

    business_date: date
    segment: str
    channel: str
    state: str
    reason: str
    code: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Permission:
    """A channel that reaches the person, or of which the person has decided."""

    channel: str
    addresses: int
    purpose: str
    is_granted: bool | None
    decided_at: datetime | None
    source: str
    text_version: str
    opted_out_at: datetime | None


@dataclass(frozen=True, slots=True)
class PersonView:
    """Everything that activation knows of one person; `one_id` is today's, `asked` the name that was given."""

    asked: str
    one_id: str
    stays: list[Stay]
    messages: list[Sent]
    permissions: list[Permission]


def why(dsn: str, one_id: str) -> PersonView:
    """Look one person up, by today's One-ID or a former one. Raises Rejected when nobody was ever called so."""
    with warehouse.connect(dsn) as connection:
        current = _current(connection, one_id)
        names = [
            current,
            *(
                name
                for (name,) in connection.execute(
                    "select one_id_old from marts.bridge_one_id_alias where one_id_current = %s", [current]
                ).fetchall()
            ),
        ]
        asked = {"one_id": current, "names": names}
        return PersonView(
            asked=one_id,
            one_id=current,
            stays=[Stay(*row) for row in connection.execute(_STAYS, asked).fetchall()],
            messages=[Sent(*row) for row in connection.execute(_MESSAGES, asked).fetchall()],
            permissions=[Permission(*row) for row in connection.execute(_PERMISSIONS, asked).fetchall()],
        )


def _current(connection: Connection, one_id: str) -> str:
    row = connection.execute(_NAME, {"one_id": one_id}).fetchone()
    if row is None or row[0] is None:
        raise Rejected(
            f"nobody is or was called {one_id}.",
            remedy="look the One-ID up in marts.dim_customers, or ask `quanyu identity who` about an account.",
        )
    return str(row[0])
