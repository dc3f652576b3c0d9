"""A night that looks at what changed leaves what a rebuild leaves, whatever came, went or was decided."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest

from quanyu.local.postgres import EmbeddedPostgres
from tests.dbt.evidence_kit import NIGHT, Evidence, Warehouse, days_ago, random_evidence, warehouse_of_its_own

SEEDS = range(20, 26)
NIGHTS = [NIGHT - timedelta(days=days) for days in (2, 1, 0)]

Dump = dict[str, list[tuple[Any, ...]]]


@dataclass
class Increments:
    """What each night left as a delta and when rebuilt, and how much of the graph it looked at."""

    nightly: dict[date, Dump] = field(default_factory=dict)
    rebuilt: dict[date, Dump] = field(default_factory=dict)
    touched: dict[date, int] = field(default_factory=dict)
    quiet: dict[str, int] = field(default_factory=dict)
    rewritten: int = -1
    accounts: int = 0
    decisions: dict[str, int] = field(default_factory=dict)


def _decide(house: Warehouse, rng: random.Random, night: date) -> None:
    """Let a steward speak of people as they are: join, separate, split, quarantine, trust, and take back."""
    people = defaultdict(list)
    for account, one_id in house.people().items():
        people[one_id].append(account)
    several = [accounts for accounts in map(sorted, people.values()) if len(accounts) > 1]
    number = house.rows("select count(*) from ops.identity_decision")[0][0]

    def record(kind: str, left: list[tuple[str, str, str]], right: list[tuple[str, str, str]]) -> None:
        nonlocal number
        number += 1
        house.execute(
            "insert into ops.identity_decision (decision_id, decision, decided_by, reason, effective_on)"
            f" values ('d{number}', '{kind}', 'li', 'drawn', '{night}')"
        )
        for side, accounts in (("left", left), ("right", right)):
            for kind_, scope, account_id in accounts:
                house.execute(
                    "insert into ops.identity_decision_account"
                    f" values ('d{number}', '{side}', '{kind_}', '{scope}', '{account_id}')"
                )

    for _ in range(4):
        one, other = rng.sample(rng.choice(several), 2)
        record("never_same", [one], [other])
        person = rng.choice(several)
        cut = rng.randrange(1, len(person))
        record("split", person[:cut], person[cut:])
        left, right = rng.sample(sorted(people), 2)
        record("same", people[left][:1], people[right][:1])
        kind, scope, value = rng.choice(
            house.rows(
                "select identifier_type, identifier_scope, identifier_value from identity.int_identity__edges"
                " where identifier_type in ('phone', 'unionid') order by 1, 2, 3"
            )
        )
        number += 1
        word = rng.choice(("quarantine", "trust"))
        house.execute(
            "insert into ops.identity_decision (decision_id, decision, identifier_type, identifier_scope,"
            " identifier_value, decided_by, reason, effective_on) values"
            f" ('d{number}', '{word}', '{kind}', '{scope}', '{value}', 'li', 'drawn', '{night}')"
        )
    house.execute(
        f"update ops.identity_decision set revoked_on = '{night}', revoked_by = 'li'"
        f" where revoked_on is null and hashtext(decision_id || '{night}') % 4 = 0 and effective_on < '{night}'"
    )


def _forget(house: Warehouse, rng: random.Random, share: float) -> None:
    """Erase raw rows, so that evidence vanishes without a trace."""
    for (table,) in house.rows("select tablename from pg_tables where schemaname = 'raw' order by 1"):
        keys = [key for (key,) in house.rows(f"select record_key from raw.{table} order by 1")]
        for key in rng.sample(keys, int(len(keys) * share)):
            house.execute(f"delete from raw.{table} where record_key = '{key}'")


def _aged() -> Evidence:
    """A person named after a card that is older than the contact only by evidence nobody believes, erased later."""
    evidence = Evidence()
    evidence.contact("aged", days_ago(50), unionid="aged")
    evidence.member("aged", days_ago(40))
    evidence.visit("aged-1", days_ago(10), card="aged", unionid="aged")
    evidence.visit("aged-0", days_ago(60), card="aged", phone_hash="xx_masked")
    return evidence


@pytest.fixture(scope="module")
def increments(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Increments]:
    """Three nights of random evidence that comes, changes, goes and is decided about; each built twice."""
    rng = random.Random(2026)
    rows = [row for seed in SEEDS for row in random_evidence(seed, 40)]
    rng.shuffle(rows)
    aged = _aged().rows
    found = Increments()
    with warehouse_of_its_own(postgres, tmp_path_factory.mktemp("home")) as house:
        for number, night in enumerate(NIGHTS):
            house.add((aged if number == 0 else []) + rows[number :: len(NIGHTS)], night)
            if number == 1:
                house.execute("delete from raw.store__visits where record_key = 'aged-0'")
            if number:
                _forget(house, rng, 0.03)
                _decide(house, rng, night)
            house.build(night)
            found.nightly[night] = house.dump()
            found.touched[night] = house.rows("select count(*) from identity.int_identity__touched")[0][0]
            if night != NIGHTS[-1]:
                house.build_identity_anew(night)
                found.rebuilt[night] = house.dump()
        before = house.rows(_MARKS)
        house.build(NIGHT, layers=["identity"])
        found.quiet = {
            name: house.rows(f"select count(*) from identity.int_identity__{name}")[0][0]
            for name in ("differences", "changes", "touched")
        }
        found.rewritten = len(set(house.rows(_MARKS)) ^ set(before))
        house.build_identity_anew(NIGHT)
        found.rebuilt[NIGHT] = house.dump()
        found.accounts = len(house.people())
        found.decisions = dict(house.rows("select event, count(*) from identity.identity_events group by event"))
        yield found


# Where a row stands on disk, and since which transaction.
_MARKS = """
    select 'screened', ctid::text, xmin::text from identity.int_identity__screened
    union all select 'labels', ctid::text, xmin::text from identity.int_identity__labels
    union all select 'components', ctid::text, xmin::text from identity.int_identity__components
    union all select 'identifiers', ctid::text, xmin::text from identity.bridge_identifier_customer"""


@pytest.mark.parametrize("night", NIGHTS, ids=str)
def test_a_night_of_changes_equals_a_rebuild_of_everything(increments: Increments, night: date) -> None:
    """People, refusals, spells and events, byte for byte."""
    assert increments.nightly[night].keys() == increments.rebuilt[night].keys()
    for table, rows in increments.nightly[night].items():
        assert rows == increments.rebuilt[night][table], table


def test_a_night_without_news_rewrites_no_row(increments: Increments) -> None:
    """Built again on the same evidence: nothing differs, nothing is touched, no row moves."""
    assert set(increments.quiet.values()) == {0}
    assert increments.rewritten == 0


def test_the_nights_had_work_to_do(increments: Increments) -> None:
    """Or the comparison would prove little: merges, splits and people touched on every night but the first."""
    assert all(increments.touched[night] for night in NIGHTS[1:])
    assert increments.decisions["merged"] > 10
    assert increments.decisions["split"] > 3
    assert increments.accounts > 100
