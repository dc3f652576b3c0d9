"""A phone and its hashes in several sources: one person, whoever spoke first, landed and built for real."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SM3, Hash

from quanyu import landing, warehouse
from quanyu.contracts import Connection, Entity, Mode, Page, Personal, Record, Source, Window
from quanyu.local.postgres import EmbeddedPostgres
from quanyu.settings import settings
from quanyu.sources import store, wecom
from quanyu.vault import Vault
from tests.dbt.evidence_kit import NIGHT, VAULT, Account, Warehouse, warehouse_of_its_own

LAST_WEEK, NEXT_NIGHT = NIGHT - timedelta(days=7), NIGHT + timedelta(days=1)
KEY = bytes(range(32))
DECLARED = {"partner": "md5:p4rtner{phone}"}
DECLARED_LATER = DECLARED | {"late": "sm3:{phone}l4te"}
BLOCKED = "13800138000"


def sm3(text: str) -> str:
    state = Hash(SM3())
    state.update(text.encode())
    return state.finalize().hex()


@dataclass(frozen=True, slots=True)
class Mark:
    """How one system shows a phone: what its field is declared to hold, and what it writes there."""

    source: Source
    entity: str
    brand: str
    kind: Personal
    written: Callable[[str], str]
    record: Callable[[str, str, date], Record]
    account: Callable[[str], Account]


def _contact(who: str, phone: str, day: date) -> Record:
    follow = {"userid": "guide", "createtime": int(Window.of_days(day, day).start.timestamp())}
    return {
        "external_contact": {"external_userid": who, "type": 1},
        "follow_info": follow | {"remark_mobiles": [phone]},
    }


def _member(who: str, phone: str, day: date) -> Record:
    return {"member_card": who, "phone": phone, "registered_at": f"{day} 10:00:00", "updated_at": f"{day} 10:00:00"}


def _receipt(who: str, phone: str, day: date) -> Record:
    row = {"store_code": "S1", "receipt_no": who, "line_no": "1", "sold_at": f"{day} 10:00:00", "sell_way": "A"}
    return row | {"item_no": "1", "quantity": "1", "amount": "1.00", "phone": phone}


def _visit(who: str, phone: str, day: date) -> Record:
    row = {"store_code": "S1", "visit_id": who, "visited_at": f"{day} 10:00:00", "channel": "walk_in"}
    return row | {"phone_hash": phone}


def _visits(brand: str, kind: Personal, written: Callable[[str], str]) -> Mark:
    return Mark(store.SOURCE, "visits", brand, kind, written, _visit, lambda who: ("store_visit", brand, who))


MARKS = {
    "phone": Mark(
        wecom.SOURCE, "contacts", "corp", Personal.PHONE,
        lambda phone: f"+86 {phone}", _contact, lambda who: ("wecom_contact", "corp", who),
    ),
    "SHA-256": Mark(
        store.SOURCE, "members", "quanyu", Personal.PHONE_SHA256,
        lambda phone: hashlib.sha256(phone.encode()).hexdigest(), _member, lambda who: ("store_member", "quanyu", who),
    ),
    "SM3": Mark(
        store.SOURCE, "receipts", "quanyu", Personal.PHONE_SM3,
        sm3, _receipt, lambda who: ("store_receipt", "quanyu", f"S1|{who}"),
    ),
    "MD5": _visits("quanyu", Personal.PHONE_MD5, lambda phone: hashlib.md5(phone.encode()).hexdigest()),
    "salted": _visits(
        "partner", Personal.PHONE_DIGEST, lambda phone: hashlib.md5(f"p4rtner{phone}".encode()).hexdigest().upper()
    ),
    "salted later": _visits("late", Personal.PHONE_DIGEST, lambda phone: sm3(f"{phone}l4te")),
    "salted secretly": _visits("secret", Personal.PHONE_DIGEST, lambda phone: sm3(f"s3cret{phone}")),
}  # fmt: skip
ORDINARY = ("phone", "SHA-256", "SM3", "MD5", "salted")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with one phone, and on which day each system first tells of them."""

    name: str
    phone: str
    days: Mapping[str, date]

    def accounts(self, until: date = NIGHT) -> list[Account]:
        return [MARKS[mark].account(self.name) for mark, day in self.days.items() if day <= until]


def _everybody() -> dict[str, Person]:
    """Every split of five systems into two nights, and those whose hashes cannot meet, or cannot meet yet."""
    stories: dict[str, Mapping[str, date]] = {
        f"split-{n}": dict(zip(ORDINARY, days, strict=True))
        for n, days in enumerate(itertools.product((LAST_WEEK, NIGHT), repeat=len(ORDINARY)))
    }
    stories["never-clear"] = dict.fromkeys(ORDINARY[1:], LAST_WEEK)
    stories["late-salt"] = dict.fromkeys(("phone", "salted later"), LAST_WEEK)
    stories["secret-salt"] = dict.fromkeys(("phone", "salted secretly"), LAST_WEEK)
    people = {name: Person(name, f"1390014{n:04d}", days) for n, (name, days) in enumerate(stories.items())}
    return people | {"blocked": Person("blocked", BLOCKED, dict.fromkeys(ORDINARY[1:], LAST_WEEK))}


PEOPLE = _everybody()


def _declared(mark: Mark) -> Entity:
    """The entity as a brand whose system hashes phones this way declares it: one word of `personal`."""
    found = next(entity for entity in mark.source.entities if entity.name == mark.entity)
    paths = [path for path in found.personal if "phone" in path or "mobiles" in path]
    return replace(found, personal={**found.personal} | dict.fromkeys(paths, mark.kind))


def _land(dsn: str, night: date, mark_name: str) -> None:
    """Land and admit what a system holds by then, through a gate that holds."""
    mark, entity = MARKS[mark_name], _declared(MARKS[mark_name])
    told: dict[date, list[Record]] = {}
    for person in PEOPLE.values():
        if (day := person.days.get(mark_name, date.max)) <= night:
            told.setdefault(day, []).append(mark.record(person.name, mark.written(person.phone), day))
    pages = [Page(records, day if entity.mode is Mode.DAILY else None) for day, records in told.items()]
    entity = replace(entity, read=lambda *_: iter(pages))
    source = replace(mark.source, entities=(entity,), connect=lambda _: nullcontext())
    where = Connection(name=source.name, url="", extra={"account": mark.brand})
    vault = Vault(KEY, settings().digests)
    landing.land(source, entity, where, night, dsn=dsn, vault=vault, history_days=30)
    with warehouse.connect(dsn) as connection:
        connection.execute(
            """insert into ops.gate_result (business_date, gate, relation, expectation, severity, is_met, reason)
            values (%s, 'raw', %s, 'expect_something', 'fail', true, 'something holds')""",
            [night, f"landing.{source.name}__{entity.name}"],
        )
    landing.admit(dsn, night, source.name)


@dataclass(frozen=True)
class Nights:
    """Who was whom after each night."""

    warehouse: Warehouse
    after: dict[date, dict[Account, str]] = field(default_factory=dict)

    def one_ids(self, person: Person, night: date) -> list[str | None]:
        return [self.after[night].get(account) for account in person.accounts(night)]


@pytest.fixture(scope="module")
def nights(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    """Two nights a week apart, and the one after, for which another salt is declared."""
    home: Path = tmp_path_factory.mktemp("hashed_phones")
    with warehouse_of_its_own(postgres, home) as own, pytest.MonkeyPatch.context() as patch:
        found = Nights(own)
        for night, digests, marks, layers in (
            (LAST_WEEK, DECLARED, MARKS, ("staging", "identity")),
            (NIGHT, DECLARED, MARKS, ("staging", "identity")),
            (NEXT_NIGHT, DECLARED_LATER, ("MD5",), ("identity",)),
        ):
            patch.setenv("QUANYU_PHONE_DIGESTS", json.dumps(digests))
            settings.cache_clear()
            for mark in marks:
                _land(own.dsn, night, mark)
            own.build(night, layers=layers)
            found.after[night] = own.people()
        yield found


def test_a_phone_and_its_hashes_in_several_sources_are_one_person(nights: Nights) -> None:
    """In clear, by MD5, SHA-256, SM3 and a platform's salt, in whatever split into two nights."""
    people = [person for person in PEOPLE.values() if person.name.startswith("split-")]
    for night in (NIGHT, NEXT_NIGHT):
        found = {person.name: nights.one_ids(person, night) for person in people}
        assert {name for name, ids in found.items() if len(ids) != len(ORDINARY) or None in ids} == set()
        assert {name for name, ids in found.items() if len(set(ids)) != 1} == set()
        assert len({ids[0] for ids in found.values()}) == len(people) == 32


def test_hashes_wait_for_the_phone_to_be_seen(nights: Nights) -> None:
    """A week before the phone itself lands, or for ever, each hash is a person of its own."""
    for person in PEOPLE.values():
        for night in (LAST_WEEK, NIGHT):
            if person.name != "blocked" and person.days.get("phone", date.max) > night:
                found = nights.one_ids(person, night)
                assert len(set(found)) == len(found), (person.name, night)


def test_a_salt_declared_later_joins_what_landed_before_it(nights: Nights) -> None:
    """Neither phone nor digest lands again; the next reading of whatever source fills in the alias."""
    phone, digest = nights.one_ids(PEOPLE["late-salt"], NIGHT)
    assert phone != digest
    phone, digest = nights.one_ids(PEOPLE["late-salt"], NEXT_NIGHT)
    assert phone == digest is not None


def test_a_digest_by_an_unknown_salt_meets_nobody(nights: Nights) -> None:
    """The platform that keeps its salt to itself keeps its people to itself."""
    phone, digest = nights.one_ids(PEOPLE["secret-salt"], NEXT_NIGHT)
    assert phone is not None
    assert digest is not None
    assert phone != digest


def test_a_blocked_phone_is_blocked_by_each_of_its_hashes(nights: Nights) -> None:
    """The test number that nobody ever showed in clear stands for nobody, salted or not."""
    tokens = [Vault(KEY, DECLARED).tokenise(MARKS[m].kind, MARKS[m].written(BLOCKED)).token for m in ORDINARY[1:]]
    quoted = ", ".join(f"'{token}'" for token in tokens)
    found = nights.warehouse.rows(
        f"""select distinct o.identifier_value, s.refused_because
        from identity.int_identity__observations as o
        inner join identity.int_identity__screened as s on o.identifier_key = s.identifier_key
        where o.identifier_value in ({quoted})"""
    )
    assert sorted(found) == sorted((token, "blocked_value") for token in tokens)


def test_no_phone_no_hash_and_no_salt_stands_in_the_warehouse(nights: Nights) -> None:
    """What met, met by tokens: neither raw nor the vault nor identity says what was hashed."""
    tables = nights.warehouse.rows(
        "select schemaname, tablename from pg_tables where schemaname in ('landing', 'raw', 'vault', 'identity', 'ops')"
    )
    person = PEOPLE["split-0"]
    secrets = [person.phone, "p4rtner", "l4te", *(mark.written(person.phone).lower() for mark in MARKS.values())]
    for schema, table in tables:
        [(text,)] = nights.warehouse.rows(
            f"select coalesce(lower(string_agg(t::text, '')), '') from {schema}.{table} t"
        )
        assert not [secret for secret in secrets if secret in text], f"{schema}.{table}"


def test_the_shipped_store_source_meets_by_md5() -> None:
    """The declaration that the tests above replace is the one that is shipped for visits."""
    visits = next(entity for entity in store.SOURCE.entities if entity.name == "visits")
    assert _declared(MARKS["MD5"]).personal == visits.personal
    written = MARKS["MD5"].written("13900140000")
    assert (
        VAULT.tokenise(visits.personal["phone_hash"], written).token
        in VAULT.tokenise(Personal.PHONE, "13900140000").aliases
    )
