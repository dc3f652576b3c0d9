"""The warehouse's members and contacts as records: names revealed in memory, ties as identity made them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from quanyu.contracts import SHANGHAI
from quanyu.errors import NotReady
from quanyu.proposals import names
from quanyu.proposals.records import Account, Mark, Record
from quanyu.vault import Vault
from quanyu.warehouse import Connection

_BUILT = "select business_date from ops.dbt_result where layer = 'identity' order by run_at desc limit 1"

_MEMBERS = """
select brand, member_card, name_token, address_token, birthday_mmdd, registered_store, registered_at
from staging.stg_store__members
where name_token is not null
"""

_CONTACTS = """
select corp_id, external_userid, remark_token, description_token, name_token, state, staff_userid, first_added_at
from staging.stg_wecom__contacts
order by corp_id, external_userid, is_deleted, first_added_at, staff_userid
"""

_GUIDES = """
select guide_id, mode() within group (order by store_code)
from (
    select guide_id, store_code from staging.stg_store__receipt_lines
    union all
    select guide_id, store_code from staging.stg_store__visits
) as served
where guide_id is not null and store_code is not null
group by guide_id
"""

# What earlier proposals tied does not count: a member that only a proposal put into a person is still lone, and
# nobody else's person is judged by it. Otherwise a proposal would vanish the day after it was believed.
_TIES = """
with evidence as (
    select account_key, node_key, identifier_type, identifier_scope, identifier_value
    from identity.int_identity__edges
    where identifier_type <> 'proposal'
),
tied as (
    select account_key from evidence
    where node_key in (select node_key from evidence group by node_key having count(*) > 1)
    union
    select account_key from evidence
    where identifier_type = 'phone'
),
persons as (
    select
        accounts.*,
        accounts.account_type = 'store_member' and accounts.account_key not in (select account_key from tied)
            as is_lone,
        components.one_id
    from identity.int_identity__accounts as accounts
    inner join identity.int_identity__components as components on accounts.account_key = components.account_key
),
people as (
    select account_key, account_type, scope, account_id, is_lone,
        case when is_lone then account_key else one_id end as person
    from persons
),
marks as (
    select people.person, jsonb_agg(distinct jsonb_build_array(
        evidence.identifier_type, evidence.identifier_scope, evidence.identifier_value
    )) as marks
    from people
    inner join evidence on people.account_key = evidence.account_key
    inner join policy.identity_identifier_types as types
        on evidence.identifier_type = types.identifier_type and types.kind = 'unique'
    group by people.person
),
sides as (
    select person,
        bool_or(account_type = 'store_member') as has_card,
        bool_or(account_type = 'wecom_contact') as has_contact
    from people
    group by person
)
select people.account_type, people.scope, people.account_id, people.person, people.is_lone,
    case people.account_type when 'store_member' then not sides.has_contact else not sides.has_card end as is_open,
    coalesce(marks.marks, '[]')
from people
inner join sides on people.person = sides.person
left join marks on people.person = marks.person
where people.account_type in ('store_member', 'wecom_contact')
"""


@dataclass(frozen=True, slots=True)
class _Tie:
    """What identity says of an account."""

    person: str
    is_lone: bool
    is_open: bool
    marks: frozenset[Mark]


def read(connection: Connection, vault: Vault, business_date: date) -> tuple[list[Record], list[Record]]:
    """Read the members and the contacts that show a name.

    Raises NotReady when identity stands at another business date.
    """
    built = connection.execute(_BUILT).fetchone()
    if built != (business_date,):
        stands = f"is that of {built[0]}" if built else "was never built"
        raise NotReady(
            f"identity {stands}, not of {business_date}.", remedy="build staging and identity of that date first."
        ).at(f"proposals {business_date}")
    ties = {
        (account_type, scope, account_id): _Tie(person, is_lone, is_open, frozenset(tuple(mark) for mark in marks))
        for account_type, scope, account_id, person, is_lone, is_open, marks in connection.execute(_TIES)
    }
    members = list(_members(connection, vault, ties))
    stores = frozenset(member.store for member in members if member.store)
    return members, list(_contacts(connection, vault, ties, stores))


def _members(connection: Connection, vault: Vault, ties: dict[Account, _Tie]) -> Iterator[Record]:
    rows = connection.execute(_MEMBERS).fetchall()
    clear = vault.reveal(connection, _tokens(row[2:4] for row in rows))
    for brand, card, name_token, address_token, birthday, store, registered_at in rows:
        account = ("store_member", brand, card)
        name = names.own_name(clear.get(name_token, ""))
        if name and account in ties:
            yield _record(
                account,
                ties[account],
                name=name,
                store=store,
                day=_day(registered_at),
                birthday=birthday,
                address=names.address(clear.get(address_token, "")),
            )


def _contacts(
    connection: Connection, vault: Vault, ties: dict[Account, _Tie], stores: frozenset[str]
) -> Iterator[Record]:
    """Guides write the real name into the remark, at times into the description, and the store beside it."""
    rows = connection.execute(_CONTACTS).fetchall()
    clear = vault.reveal(connection, _tokens(row[2:5] for row in rows))
    usual_store: dict[str, str] = dict(connection.execute(_GUIDES).fetchall())
    relations = defaultdict(list)
    for corp, userid, *relation in rows:
        relations["wecom_contact", corp, userid].append(relation)
    for account, some in relations.items():
        remarks, descriptions, nicknames = ([clear.get(row[n], "") for row in some] for n in range(3))
        states = [row[3] or "" for row in some]
        name = names.noted_name(*remarks, *descriptions, *nicknames)
        if name and account in ties:
            at_guide = next((usual_store[row[4]] for row in some if row[4] in usual_store), None)
            yield _record(
                account,
                ties[account],
                name=name,
                store=names.noted_store(stores, *states, *remarks) or at_guide,
                day=_day(min((row[5] for row in some if row[5]), default=None)),
                birthday=names.noted_birthday(*descriptions, *remarks),
                address=names.noted_address(*descriptions, *remarks),
            )


def _record(
    account: Account,
    tie: _Tie,
    *,
    name: str,
    store: str | None,
    day: int | None,
    birthday: str | None,
    address: str | None,
) -> Record:
    return Record(
        account=account,
        person=tie.person,
        is_open=tie.is_open,
        is_lone=tie.is_lone,
        marks=tie.marks,
        name=name,
        store=store,
        day=day,
        birthday=birthday,
        address=address,
    )


def _tokens(rows: Iterable[tuple[str | None, ...]]) -> set[str]:
    return {token for row in rows for token in row if token}


def _day(moment: datetime | None) -> int | None:
    return moment.astimezone(SHANGHAI).date().toordinal() if moment else None
