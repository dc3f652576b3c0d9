"""Facts follow the person: one person of two for five nights, then two again, as if they had never been one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from quanyu import dbt
from quanyu.activation import plan, send
from quanyu.contracts import SHANGHAI
from quanyu.local.postgres import EmbeddedPostgres
from quanyu.publish import publish
from tests.dbt.evidence_kit import (
    BRAND,
    DATABASE,
    VAULT,
    Account,
    Evidence,
    Warehouse,
    phone,
    rename_database,
    wall,
    warehouse_of_its_own,
)
from tests.fixtures.activation_night import KEY, Post, channel

APART, MERGED, SPLIT = date(2026, 11, 15), date(2026, 11, 16), date(2026, 11, 21)
UNION, PHONE_A, PHONE_B = "union-b", phone("13600000001"), phone("13600000002")
CHANNELS = {name: channel(name) for name in ("wecom_broadcast", "official_account_mass")}
FUNNEL = ("events", "revenue_fen", "customers", "buyers_within_7_days", "buyers_within_30_days")
Rows = list[tuple[Any, ...]]


def at(day: str, hour: int = 12) -> datetime:
    return datetime.fromisoformat(f"2026-{day}T{hour:02d}:00:00").replace(tzinfo=SHANGHAI)


class Life(Evidence):
    """Evidence that also buys and agrees."""

    def sale(self, number: str, sold: datetime, amount: str, **shown: str) -> Account:
        return self._line(number, sold, {"sell_way": "A", "amount": amount, **shown})

    def back(self, number: str, returned: datetime, amount: str, original: str, **shown: str) -> Account:
        return self._line(
            number, returned, {"sell_way": "B", "amount": amount, "original_receipt_no": original, **shown}
        )

    def _line(self, number: str, moment: datetime, shown: dict[str, str]) -> Account:
        payload = {"store_code": "S1", "receipt_no": number, "line_no": "1", "sold_at": wall(moment), **shown}
        self._add("store__receipts", BRAND, f"S1|{number}|1", payload, moment=moment)
        card = shown.get("member_card")
        return ("store_member", BRAND, card) if card else ("store_receipt", BRAND, f"S1|{number}")

    def card(self, card: str, registered: datetime, **fields: str) -> Account:
        payload = {"member_card": card, "registered_at": wall(registered), "updated_at": wall(registered), **fields}
        self._add("store__members", BRAND, card, payload, moment=registered, version=wall(registered))
        return "store_member", BRAND, card


@dataclass
class World:
    """One company's nights, and what readers saw before and after the last of them."""

    warehouse: Warehouse
    shown: dict[str, dict[Any, tuple[Any, ...]]]

    def night(self, night: date) -> None:
        """Build and publish a night; the data tests of marts hold after the last one."""
        self.shown = self.figures()
        tested = ("identity", "marts", "segments") if night == SPLIT else ("identity", "segments")
        self.warehouse.build(night, layers=dbt.LAYERS, tested=tested)
        for gate in ("identity", "segments"):
            self.warehouse.execute(
                "insert into ops.gate_result (business_date, gate, relation, expectation, severity, is_met, reason)"
                f" values ('{night}', '{gate}', 'r', 'e', 'fail', true, 'it holds')"
            )
        publish(self.warehouse.dsn, night)

    def figures(self) -> dict[str, dict[Any, tuple[Any, ...]]]:
        """What the sum checks need of what readers see."""
        queries = {
            "orders": "select order_key, one_id, net_fen, ordered_on from marts.fct_orders",
            "customers": "select one_id, net_revenue_fen from marts.dim_customers",
            "funnel": "select funnel_on || '|' || channel || '|' || stage, funnel_on, "
            f"{', '.join(FUNNEL)} from marts.fct_funnel_daily",
        }
        if not self.warehouse.rows("select from pg_class where oid = to_regclass('marts.fct_orders')"):
            return {name: {} for name in queries}
        return {name: {key: tuple(row) for key, *row in self.warehouse.rows(q)} for name, q in queries.items()}

    def restated(self, mart: str, night: date) -> Rows:
        """key, figure, before, after, cause of one night."""
        return self.warehouse.rows(
            "select key, figure, value_before, value_after, cause from marts.restatements"
            f" where mart = '{mart}' and business_date = '{night}' order by restatement_id"
        )

    def plan_and_send(self, night: date) -> dict[str, str]:
        """one_id -> outcome of the repurchase segment, the only one; what goes out goes to fakes that take all."""
        self.warehouse.execute("delete from ops.segment where segment <> 'seg_repurchase_due'")
        plan(self.warehouse.dsn, night, CHANNELS, KEY)
        morning = datetime.combine(night + timedelta(days=1), datetime.min.time(), SHANGHAI).replace(hour=10)
        for one in CHANNELS.values():
            send(self.warehouse.dsn, night, one, Post(), lambda: morning, VAULT)
        return dict(
            self.warehouse.rows(
                "select one_id, outcome from activation.decision"
                f" where business_date = '{night}' and segment = 'seg_repurchase_due'"
            )
        )

    def marts(self) -> dict[str, Rows]:
        """Every published table, row for row."""
        tables = self.warehouse.rows(
            "select schemaname || '.' || tablename from pg_tables where schemaname in ('marts', 'segments') order by 1"
        )
        return {table: self.warehouse.rows(f"select t::text from {table} as t order by 1") for (table,) in tables}


def before_they_met() -> tuple[Life, dict[str, list[Account]]]:
    """Ann shops with a card and is a contact; Ben follows, was deleted by his guide and gives a phone; four others."""
    life = Life()
    ann = [
        life.card("m-ann", at("03-01"), phone=PHONE_A, sms_consent="Y", sms_consent_at="2026-03-01 12:00:00"),
        life.contact("e-ann", at("05-01"), phones=[PHONE_A]),
        life.sale("R1", at("10-27"), "90.00", member_card="m-ann"),
        life.visit("V-ann", at("10-24"), card="m-ann"),
    ]
    ben = [
        life.follower("o-ben", at("06-01"), unionid=UNION),
        life.contact("e-ben", at("06-02"), unionid=UNION, corp="corp-2"),
        life.visit("V-ben", at("10-24", 15), unionid=UNION, phone_hash=PHONE_B),
        life.sale("R2", at("10-29"), "30.00", phone=PHONE_B),
    ]
    for number in range(4):
        card = f"m-other-{number}"
        life.card(card, at("04-01"))
        life.sale(f"R-other-{number}", at("10-26"), "10.00", member_card=card)
    return life, {"left": ann, "right": ben}


def five_nights() -> tuple[Life, dict[str, list[Account]]]:
    """Ann brings something back, what Ben bought and a visit of his come late, somebody else buys."""
    life = Life()
    ann = [life.back("R3", at("11-18"), "20.00", "R1", member_card="m-ann")]
    ben = [
        life.sale("R4", at("10-30"), "70.00", phone=PHONE_B),
        life.visit("V-late", at("10-25"), unionid=UNION),
    ]
    life.sale("R5", at("11-18"), "15.00", member_card="m-other-0")
    return life, {"left": ann, "right": ben}


def decide(warehouse: Warehouse, effective_on: date, *sides: dict[str, list[Account]]) -> None:
    """A steward splits the person, everybody on their own side."""
    warehouse.execute(
        "insert into ops.identity_decision (decision_id, decision, decided_by, reason, effective_on)"
        f" values ('d-1', 'split', 'mei', 'two people at one till', '{effective_on}')"
    )
    rows = {(side, *account) for some in sides for side, accounts in some.items() for account in accounts}
    for row in sorted(rows):
        values = ", ".join(f"'{value}'" for value in ("d-1", *row))
        warehouse.execute(f"insert into ops.identity_decision_account values ({values})")


@dataclass(frozen=True)
class Story:
    """Both worlds on the last night, and what was seen on the way."""

    world: World
    never: World
    people: dict[str, str]
    merged: dict[str, Any]
    outcomes: dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def story(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    home = tmp_path_factory.mktemp("home")
    first, sides = before_they_met()
    later, later_sides = five_nights()
    tie = Life()
    tie.visit("V-tie", at("11-16"), card="m-ann", unionid=UNION)
    outcomes = {}
    with warehouse_of_its_own(postgres, home / "follows") as warehouse:
        world = World(warehouse, {})
        warehouse.add(first.rows, APART)
        warehouse.execute("update raw.wecom__contacts set is_deleted = true where record_key = 'e-ben|guide'")
        warehouse.know_phones("13600000001", "13600000002")
        world.night(APART)
        found = warehouse.people()
        people = {"ann": found[sides["left"][0]], "ben": found[sides["right"][0]]}
        outcomes["apart"] = world.plan_and_send(APART)
        with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
            connection.execute(f"create database never template {DATABASE}")
        try:
            warehouse.add(tie.rows, MERGED)
            world.night(MERGED)
            outcomes["merged"] = world.plan_and_send(MERGED)
            check_sums(world, MERGED)
            merged = seen(world)
            warehouse.add(later.rows, date(2026, 11, 19))
            decide(warehouse, SPLIT, sides, later_sides)
            world.night(SPLIT)
            check_sums(world, SPLIT)
            outcomes["split"] = world.plan_and_send(SPLIT)
            # The other world is built under the name of the first.
            rename_database(postgres, DATABASE, "follows")
            rename_database(postgres, "never", DATABASE)
            world = replace(world, warehouse=Warehouse(postgres.url("follows")))
            never = World(warehouse, {})
            never.warehouse.add(tie.rows, MERGED)
            never.warehouse.add(later.rows, date(2026, 11, 19))
            decide(never.warehouse, MERGED, sides, later_sides)
            never.night(SPLIT)
            check_sums(never, SPLIT)
            outcomes["never"] = never.plan_and_send(SPLIT)
            yield Story(world, never, people, merged, outcomes)
        finally:
            with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
                connection.execute("drop database if exists never with (force)")
                connection.execute("drop database if exists follows with (force)")


def seen(world: World) -> dict[str, Any]:
    """What readers saw of the merged person."""
    read = world.warehouse.rows
    return {
        "alias": read("select one_id_old, one_id_current from marts.bridge_one_id_alias"),
        "net": dict(read("select one_id, net_revenue_fen from marts.dim_customers")),
        "consent": read("select one_id, is_granted from marts.fct_consents where channel = 'wecom_broadcast'"
                        " and purpose = 'marketing'"),
        "restated": read(
            "select mart, key, figure, value_before, value_after, cause, one_id, other_one_id, identifier_type"
            " from marts.restatements order by restatement_id"
        ),
    }  # fmt: skip


def check_sums(world: World, night: date) -> None:
    """What was shown, plus what was restated, plus the night's own facts, is what is shown."""
    before, after = world.shown, world.figures()
    closed = world.warehouse.rows("select previous_date from marts.restatements order by restatement_id desc limit 1")
    restated: Counter[str] = Counter()
    for key, figure, opening, closing, _ in world.restated("dim_customers", night):
        if figure == "net_revenue_fen":
            restated[key] += int(closing or 0) - int(opening or 0)
    new: Counter[str] = Counter()
    for key, (person, net, _) in after["orders"].items():
        new[person] += net - (before["orders"][key][1] if key in before["orders"] else 0)
    for person in before["customers"].keys() | after["customers"].keys():
        opening = before["customers"].get(person, (0,))[0]
        closing = after["customers"].get(person, (0,))[0]
        assert opening + restated[person] + new[person] == closing, person
    cells = {key for side in (before, after) for key, row in side["funnel"].items() if row[0] <= closed[0][0]}
    moved: Counter[tuple[str, str]] = Counter()
    for key, figure, opening, closing, _ in world.restated("fct_funnel_daily", night):
        moved[key, figure] += int(closing) - int(opening)
    for key in cells:
        for place, figure in enumerate(FUNNEL, start=1):
            opening, closing = (side["funnel"].get(key, (None, *[0] * 5))[place] for side in (before, after))
            assert opening + moved[key, figure] == closing, (key, figure)


def test_a_merge_moves_money_consent_and_distinct_customers_and_says_why(story: Story) -> None:
    ann, ben = story.people["ann"], story.people["ben"]
    stays, gone = (ann, ben) if ann in story.merged["net"] else (ben, ann)
    assert story.merged["alias"] == [(gone, stays)]
    assert story.merged["net"][stays] == 12000
    assert gone not in story.merged["net"]
    assert story.merged["consent"] == [(stays, False)], "the strictest account speaks for the merged person"
    told = {(mart, key, figure): row for mart, key, figure, *row in story.merged["restated"]}
    why = ["merged", stays, gone, "unionid"]
    own = {ann: "9000", ben: "3000"}
    assert told["dim_customers", stays, "net_revenue_fen"] == [own[stays], "12000", *why]
    assert told["dim_customers", gone, "net_revenue_fen"] == [own[gone], None, *why]
    assert told["fct_funnel_daily", "2026-10-24|store|search", "customers"] == ["2", "1", *why]
    moved = "store|S1|R2" if gone == ben else "store|S1|R1"
    assert told["fct_orders", moved, "one_id"] == [gone, stays, *why]
    assert not [row for row in story.merged["restated"] if row[0] == "fct_orders" and row[2] != "one_id"]


def test_after_the_split_every_mart_is_as_if_they_had_never_been_one(story: Story) -> None:
    assert set(story.world.warehouse.rows("select one_id from marts.dim_customers")) >= {
        (one_id,) for one_id in story.people.values()
    }
    assert story.world.marts() == story.never.marts()
    told = {"marts.dim_customers", "marts.fct_orders", "marts.fct_touchpoints", "segments.seg_repurchase_due"}
    assert told <= story.world.marts().keys()


def test_a_split_names_its_decision_and_what_came_late_or_went_back_is_told_apart(story: Story) -> None:
    rows = story.world.warehouse.rows(
        "select distinct cause, decision_id from marts.restatements"
        f" where business_date = '{SPLIT}' and mart in ('dim_customers', 'fct_consents')"
    )
    assert sorted(rows) == [("created_by_split", "d-1"), ("split", "d-1")]
    facts = {(key, figure): cause for key, figure, _, _, cause in story.world.restated("fct_orders", SPLIT)}
    assert facts["store|S1|R1", "net_fen"] == facts["store|S1|R1", "refunded_fen"] == "refund"
    assert facts["store|S1|R4", "net_fen"] == "late_evidence"
    assert not [key for key, _ in facts if key == "store|S1|R5"], "tonight's order restates nothing"
    funnel = {(key, figure, cause) for key, figure, _, _, cause in story.world.restated("fct_funnel_daily", SPLIT)}
    assert ("2026-10-24|store|search", "customers", "split") in funnel
    assert ("2026-10-25|store|search", "events", "late_evidence") in funnel
    assert ("2026-10-27|store|action", "revenue_fen", "refund") in funnel


def test_counters_add_up_in_the_merger_and_each_side_has_its_own_after_the_split(story: Story) -> None:
    ann, ben = story.people["ann"], story.people["ben"]
    stays = story.merged["alias"][0][1]
    assert story.outcomes["apart"][ann] == "message"
    assert ben not in story.outcomes["apart"]
    assert story.outcomes["merged"][stays] == "capped"
    assert story.outcomes["split"] == story.outcomes["never"]


def test_what_a_channel_is_told_after_the_split_is_what_it_would_have_been_told(story: Story) -> None:
    ledger = "select key, segment, one_id, channel, address, sender, template, params, state, account_key"
    ledger += f" from activation.message where business_date = '{SPLIT}' order by key"
    told = story.world.warehouse.rows(ledger)
    assert told == story.never.warehouse.rows(ledger)
    assert [row[2:4] for row in told if row[1] == "seg_repurchase_due"] == [
        (story.people["ben"], "official_account_mass")
    ]


def test_no_restatement_holds_a_personal_value(story: Story) -> None:
    found = story.world.warehouse.rows(
        "select count(*) from marts.restatements as r"
        f" where r::text ~ 'o-ben|e-ben|e-ann|{UNION}|ph_[0-9a-f]|1360000000'"
    )
    assert found == [(0,)]


def test_restatements_survive_nights_and_nobody_rewrites_them(story: Story) -> None:
    nights = story.world.warehouse.rows("select distinct business_date from marts.restatements order by 1")
    assert nights == [(MERGED,), (SPLIT,)]
    with pytest.raises(psycopg.errors.CheckViolation, match="only ever added"):
        story.world.warehouse.execute("delete from ops.restatement")
