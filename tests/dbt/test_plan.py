"""`plan`: what a rule or a decision would change is what then changes, row for row; the plan itself changes nothing."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from rich.console import Console

from quanyu import activation, dbt, discovery, warehouse
from quanyu.errors import ConfigurationError, Rejected, Retryable
from quanyu.local.postgres import EmbeddedPostgres
from quanyu.publish import publish
from quanyu.settings import PROJECT, settings
from quanyu.stewardship import preview as planning
from quanyu.stewardship import preview_build
from quanyu.stewardship.decisions import Decision, store, validate
from quanyu.stewardship.nouns import Account as Named
from quanyu.stewardship.preview import preview
from quanyu.stewardship.preview_rows import (
    AccountMove,
    AudienceChange,
    FigureMove,
    MessageChange,
    OrderMove,
    PersonChange,
    Preview,
)
from quanyu.stewardship.preview_terminal import show
from tests.dbt.evidence_kit import (
    BRAND,
    NIGHT,
    SHOP,
    Account,
    Evidence,
    Warehouse,
    days_ago,
    phone,
    wall,
    warehouse_of_its_own,
)

FAMILY, SHARED = "13600000001", "13600000002"
State = dict[str, dict[Any, Any]]
"""Part of a preview -> key -> what stands there."""

LAYERS = ("staging", "identity", "marts", "segments")
SEEDS = PROJECT / "dbt_project" / "seeds"


class Shop(Evidence):
    """Evidence with money and consent in it."""

    def buy(self, number: str, sold: datetime, yuan: int, *, card: str = "", number_given: str = "") -> Account:
        """A receipt over some yuan."""
        payload = {"store_code": "S1", "receipt_no": number, "line_no": "1", "sold_at": wall(sold), "sell_way": "A"}
        payload |= {"amount": f"{yuan}.00", "member_card": card, "phone": phone(number_given) if number_given else ""}
        self._add("store__receipts", BRAND, f"S1|{number}|1", payload, moment=sold)
        return ("store_member", BRAND, card) if card else ("store_receipt", BRAND, f"S1|{number}")

    def order(self, tid: int, buyer: str, paid: datetime, yuan: int) -> Account:
        """A paid trade."""
        payload = {"tid": tid, "buyer_open_uid": buyer, "payment": f"{yuan}.00", "status": "TRADE_FINISHED"}
        payload |= {"created": wall(paid), "pay_time": wall(paid)}
        self._add("tmall__trades", SHOP, str(tid), payload, moment=paid)
        return "tmall_buyer", SHOP, buyer

    def card(self, card: str, registered: datetime, *, number: str = "", birthday: str = "") -> Account:
        """A member who agreed to text messages."""
        payload = {"member_card": card, "phone": phone(number) if number else "", "registered_at": wall(registered)}
        payload |= {"updated_at": wall(registered), "birthday": birthday, "consent_text_version": "v1"}
        payload |= {"sms_consent": "Y", "sms_consent_at": wall(registered)}
        self._add("store__members", BRAND, card, payload, moment=registered)
        return "store_member", BRAND, card


@dataclass(frozen=True)
class People:
    """The accounts that the decisions speak of."""

    regular: Account
    fan: Account
    buyer: Account
    collector: Account
    parent: Account
    child: Account
    shared: Sequence[Account]


def the_night(shop: Shop) -> People:
    """Everybody whose fate a plan below changes, and some whom it must leave alone."""
    people = People(
        # Due for repurchase by text message; in truth the fan who followed this week and "never bought".
        regular=shop.card("regular", days_ago(90), number="13600000010"),
        fan=shop.follower("fan", days_ago(2)),
        # Bought first on Tmall, then in the store under a card of their own.
        buyer=shop.order(1, "buyer", days_ago(60), 100),
        collector=shop.card("collector", days_ago(50), number="13600000011", birthday="--1121"),
        # A child's WeChat with the parent's number in it.
        parent=shop.card("parent", days_ago(80), number=FAMILY),
        child=shop.contact("child", days_ago(3), unionid="child", phones=[phone(FAMILY)]),
        # A number that three strangers gave: believed until the limit is two.
        shared=[
            shop.card("sharing", days_ago(70), number=SHARED),
            shop.buy("shared-1", days_ago(25), 30, number_given=SHARED),
            shop.buy("shared-2", days_ago(24), 40, number_given=SHARED),
        ],
    )
    shop.buy("regular", days_ago(20), 70, card="regular")
    shop.buy("collector", days_ago(40), 500, card="collector")
    shop.buy("parent", days_ago(22), 90, card="parent")
    for n in range(6):
        shop.card(f"calm-{n}", days_ago(50), number=f"1360000002{n}", birthday="--1121")
        shop.buy(f"calm-{n}", days_ago(20), 10, card=f"calm-{n}")
        shop.follower(f"calm-{n}", days_ago(4))
    return people


def decide(kind: str, left: Sequence[Account], right: Sequence[Account]) -> Decision:
    return Decision(
        decision=kind,
        decided_by="steward",
        reason="they came to the desk",
        effective_on=NIGHT,
        left=tuple(Named(*account) for account in left),
        right=tuple(Named(*account) for account in right),
    )


@dataclass
class Night:
    """A warehouse with a night that readers see, and the project whose rules it follows."""

    warehouse: Warehouse
    people: People
    project: Path
    tmp: Path

    @property
    def dsn(self) -> str:
        return self.warehouse.dsn

    def run(self) -> None:
        """A whole night of NIGHT: build, publish, plan messages."""
        self.warehouse.build(NIGHT, layers=LAYERS)
        self.warehouse.execute(
            "insert into ops.gate_result (business_date, gate, relation, expectation, severity, is_met, reason)"
            f" select '{NIGHT}', gate, 'r', 'e', 'fail', true, 'it holds'"
            " from unnest(array['identity', 'segments']) as gate"
        )
        publish(self.dsn, NIGHT)
        activation.plan(self.dsn, NIGHT, discovery.channels(), settings().vault_key_bytes)

    def rule(self, name: str, old: str, new: str) -> Path:
        """A file of rules that differs from the project's."""
        text = (SEEDS / f"{name}.csv").read_text(encoding="utf-8")
        assert old in text
        path = self.tmp / f"{name}.csv"
        path.write_text(text.replace(old, new), encoding="utf-8")
        return path

    def everything(self) -> dict[str, list[Any]]:
        """Every row of every table, and every schema."""
        names = (
            "select format('%I.%I', schemaname, tablename) from pg_tables"
            " where schemaname !~ '^(pg_|information_schema)' order by 1"
        )
        schemas = "select nspname from pg_namespace where nspname !~ '^pg_' order by 1"
        with psycopg.connect(self.dsn) as connection:
            tables = [name for (name,) in connection.execute(names).fetchall()]
            rows = {
                name: connection.execute(f"select t::text from {name} as t order by 1").fetchall() for name in tables
            }
            return rows | {"schemas": connection.execute(schemas).fetchall()}

    def people_by_key(self) -> dict[str, str]:
        """account_key -> One-ID."""
        return dict(self.warehouse.rows("select account_key, one_id from identity.bridge_account_customer"))

    def state(self) -> State:
        """What a preview speaks of, as it stands."""
        rows = self.warehouse.rows
        segments = [name for (name,) in rows("select segment from ops.segment")]
        return {
            "accounts": {
                k: v for k, *v in rows("select account_key, account_type, one_id from identity.bridge_account_customer")
            },
            "audiences": {
                (name, one_id): () for name in segments for (one_id,) in rows(f"select one_id from segments.{name}")
            },
            "messages": {k: v for k, *v in rows("select key, channel, segment, one_id, state from activation.message")},
            "orders": {
                k: v for k, *v in rows("select order_key, channel, net_fen, coalesce(one_id, '') from marts.fct_orders")
            },
            "figures": self.figures(),
        }

    def figures(self) -> dict[tuple[str, str, str], int]:
        """The figures of a preview, counted once more by hand."""
        rows = self.warehouse.rows
        found: dict[tuple[str, str, str], int] = defaultdict(int)
        buyers: set[tuple[str, str]] = set()
        firsts: dict[str, str] = {}
        orders = "select channel, one_id, is_paid, net_fen from marts.fct_orders where one_id is not null"
        for channel, one_id, is_paid, net_fen in rows(f"{orders} order by ordered_at, order_key"):
            found["fct_orders", "known_net_fen", channel] += net_fen
            buyers |= {(channel, one_id)} if is_paid else set()
            if is_paid:
                firsts.setdefault(one_id, channel)
        for channel, _ in buyers:
            found["fct_orders", "known_buyers", channel] += 1
        touches: dict[str, str] = {}
        acts = "select one_id, channel from marts.fct_touchpoints where one_id is not null"
        for one_id, channel in rows(f"{acts} order by occurred_at, touchpoint_key"):
            touches.setdefault(one_id, channel)
        for one_id, net_fen in rows("select one_id, net_revenue_fen from marts.dim_customers"):
            for mart, name, by in (
                ("dim_customers", "first_order", firsts),
                ("fct_touchpoints", "first_touch", touches),
            ):
                if one_id in by:
                    found[mart, f"{name}_customers", by[one_id]] += 1
                    found[mart, f"{name}_net_fen", by[one_id]] += net_fen
        for (row,) in rows("select to_jsonb(f) from marts.fct_funnel_daily as f"):
            key = "|".join(row.pop(name) for name in ("funnel_on", "channel", "stage"))
            found |= {("fct_funnel_daily", name, key): value for name, value in row.items()}
        return found


def difference(before: State, after: State) -> dict[str, list[Any]]:
    """What really changed, as the rows of a preview."""
    changed: dict[str, dict[Any, tuple[Any, Any]]] = {
        part: {key: (before[part].get(key), after[part].get(key)) for key in before[part].keys() | after[part].keys()}
        for part in before
    }
    moved = {part: {k: (b, a) for k, (b, a) in both.items() if b != a} for part, both in changed.items()}
    return {
        "accounts": sorted(
            AccountMove(key, (b or a)[0], b[1] if b else "", a[1] if a else "")
            for key, (b, a) in moved["accounts"].items()
        ),
        "audiences": sorted(
            AudienceChange(segment, "gained" if b is None else "lost", one_id)
            for (segment, one_id), (b, a) in moved["audiences"].items()
        ),
        "messages": sorted(
            MessageChange((a or b)[0], (a or b)[1], _turn(b, a), (a or b)[2], key)
            for key, (b, a) in moved["messages"].items()
        ),
        "orders": sorted(OrderMove(key, a[0], a[1], b[2], a[2]) for key, (b, a) in moved["orders"].items()),
        "figures": sorted(
            (FigureMove(mart, name, key, b, a) for (mart, name, key), (b, a) in moved["figures"].items()),
            key=lambda row: (row.mart, row.figure, row.key),
        ),
    }


def _turn(before: Sequence[str] | None, after: Sequence[str] | None) -> str:
    if before is None or after is None:
        return "appears" if before is None else "vanishes"
    return "held" if after[-1] == "held" else "freed"


@pytest.fixture(scope="module")
def night(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    tmp = tmp_path_factory.mktemp("plan")
    shop = Shop()
    people = the_night(shop)
    project = tmp / "dbt_project"
    shutil.copytree(PROJECT / "dbt_project", project, ignore=shutil.ignore_patterns("target", "logs"))
    with warehouse_of_its_own(postgres, tmp / "home") as own, pytest.MonkeyPatch.context() as patch:
        # The night's project, so that a test may commit a rule to it.
        patch.setattr(dbt, "DBT_PROJECT", project)
        own.add(shop.rows)
        found = Night(own, people, project, tmp)
        found.run()
        yield found


@dataclass(frozen=True)
class Story:
    """A plan of decisions, a plan of the same and a rule, and what became of each when it was committed."""

    decided: Preview
    plan: Preview
    before: State
    after_decisions: dict[str, str]
    after: State
    trace: tuple[dict[str, list[Any]], dict[str, list[Any]]]
    again: Preview


@pytest.fixture(scope="module")
def story(night: Night) -> Story:
    """Plan two merges, a split and a stricter rule; then commit, the decisions first, and let the nights run."""
    people = night.people
    decisions = [
        decide("same", [people.regular], [people.fan]),
        decide("same", [people.buyer], [people.collector]),
        decide("split", [people.parent], [people.child]),
    ]
    types = night.rule("identity_identifier_types", "phone,global,90,weak,12,", "phone,global,90,weak,2,")
    waiting = decide("never_same", *[[("store_member", BRAND, f"calm-{n}")] for n in range(2)])
    with warehouse.connect(night.dsn) as connection:
        store(connection, waiting)
    before, untouched = night.state(), night.everything()
    # What a plan that was killed left behind.
    night.warehouse.execute("create schema quanyu_plan_identity; create table quanyu_plan_identity.rest (a int)")
    decided = preview(night.dsn, decisions=decisions)
    plan = preview(night.dsn, decisions=decisions, identifier_types=types)
    trace = untouched, night.everything()
    with warehouse.connect(night.dsn) as connection:
        for decision in decisions:
            validate(connection, decision)
            store(connection, decision)
    # The real build continues the last one; the plan's began with nothing.
    night.warehouse.build(NIGHT, layers=["identity"])
    after_decisions = night.people_by_key()
    shutil.copyfile(types, night.project / "seeds" / types.name)
    night.run()
    return Story(
        decided, plan, before, after_decisions, night.state(), trace, preview(night.dsn, identifier_types=types)
    )


def test_decisions_move_the_accounts_that_were_planned_also_when_the_night_continues_the_last(story: Story) -> None:
    was = {key: one_id for key, (_, one_id) in story.before["accounts"].items()}
    is_now = story.after_decisions
    moved = {(key, was[key], is_now[key]) for key in was if was[key] != is_now[key]}
    assert len(moved) == 3
    assert {(row.account_key, row.before, row.after) for row in story.decided.accounts} == moved


@pytest.mark.parametrize("part", ["accounts", "audiences", "messages", "orders", "figures"])
def test_what_was_planned_is_what_then_happens_row_for_row(story: Story, part: str) -> None:
    expected = difference(story.before, story.after)[part]
    assert expected
    assert list(getattr(story.plan, part)) == expected


def test_people_merge_split_and_fall_apart_as_the_decisions_and_the_rule_say(night: Night, story: Story) -> None:
    people = night.people
    was, is_now = (
        {key: one_id for key, (_, one_id) in state["accounts"].items()} for state in (story.before, story.after)
    )
    keys = {
        name: Named(*getattr(people, name)).key for name in ("regular", "fan", "buyer", "collector", "parent", "child")
    }
    decided = {
        PersonChange("merged", was[keys["fan"]], was[keys["regular"]], 1),
        PersonChange("merged", was[keys["collector"]], was[keys["buyer"]], 1),
        PersonChange("split", was[keys["child"]], is_now[keys["child"]], 1),
    }
    assert set(story.decided.people) == decided
    assert set(story.plan.people) == decided | {PersonChange("left", was[Named(*people.shared[0]).key], "", 2)}


def test_money_moves_to_the_channel_that_met_the_person_first(story: Story) -> None:
    moved = {(row.figure, row.key): (row.before, row.after) for row in story.plan.figures}
    # The collector's 500 yuan were the store's own customer's; they are the Tmall buyer's.
    assert moved["first_order_net_fen", "tmall"] == (10000, 60000)
    # The two receipts without a name: 70 yuan nobody's any more.
    known = moved["known_net_fen", "store"]
    assert known[0] is not None
    assert known[1] == known[0] - 7000


def test_a_message_moves_with_the_person_to_the_channel_they_prefer(story: Story) -> None:
    due = {(row.channel, row.change) for row in story.plan.messages if row.segment == "seg_repurchase_due"}
    assert {("official_account_mass", "appears"), ("aliyun_sms", "vanishes")} <= due


def test_a_plan_leaves_no_trace_and_takes_away_that_of_a_killed_one(story: Story) -> None:
    before, after = story.trace
    assert before == after


def test_a_plan_of_nothing_is_empty(story: Story) -> None:
    assert story.again.is_empty
    assert story.again.channels == tuple(sorted(discovery.channels()))


def test_a_plan_names_the_decisions_that_wait_for_the_next_build(story: Story) -> None:
    (waiting,) = story.plan.waiting
    assert waiting.startswith("never-same-")
    assert story.again.waiting == ()


def test_a_plan_is_shown_and_written_without_a_personal_value(story: Story, tmp_path: Path) -> None:
    console, path = Console(record=True, width=160), tmp_path / "plan.json"
    show(story.plan, console, path)
    text = console.export_text()
    for word in ("merged", "split", "seg_new_fan_no_purchase", "official_account_mass", "net by first order"):
        assert word in text
    written = json.loads(path.read_text(encoding="utf-8"))
    assert [tuple(row.values()) for row in written["messages"]] == [
        (row.channel, row.segment, row.change, row.one_id, row.key) for row in story.plan.messages
    ]
    assert len(written["figures"]) == len(story.plan.figures)
    everything = text + path.read_text(encoding="utf-8")
    assert not [value for value in ("ph_", "openid", FAMILY, SHARED) if value in everything]


def test_a_plan_reads_decisions_revocations_and_blocked_phones_that_nobody_else_sees(
    night: Night, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decision of a later day is planned as if it began tonight, under the id it had then."""
    del story
    pair = [("store_member", BRAND, "calm-2")], [("store_member", BRAND, "calm-3")]
    tonight = decide("never_same", *pair)
    later = replace(tonight, effective_on=date(2027, 1, 1), decision_id="")
    ((taken,),) = night.warehouse.rows("select decision_id from ops.identity_decision where decision = 'split'")
    blocked = night.rule("identity_blocked_values", "phone,13800138000,", f"phone,{FAMILY},")
    before = night.everything()
    monkeypatch.setattr(preview_build, "_build", lambda *_: None)
    seeds = {"identity_blocked_values": blocked}
    with preview_build.shadow(night.dsn, NIGHT, decisions=[later], revoked=[taken], seeds=seeds):
        rows = night.warehouse.rows(
            "select decision_id, effective_on, revoked_on from quanyu_plan_ops.identity_decision"
            " except select decision_id, effective_on, revoked_on from ops.identity_decision order by 1"
        )
        tokens = night.warehouse.rows(
            f"select token from quanyu_plan_ops.blocked_token where token = '{phone(FAMILY)}'"
        )
        elsewhere = night.warehouse.rows(f"select from ops.blocked_token where token = '{phone(FAMILY)}'")
    assert rows == [(tonight.decision_id, NIGHT, None), (taken, NIGHT, NIGHT)]
    assert (len(tokens), len(elsewhere)) == (1, 0)
    assert night.everything() == before


def test_messages_are_planned_for_the_channels_whose_connections_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert planning.channels_on() == discovery.channels()
    connection = {"conn_type": "http", "host": "https://sms", "login": "id", "password": "secret"}
    monkeypatch.setenv("AIRFLOW_CONN_QUANYU_ALIYUN_SMS", json.dumps(connection))
    assert list(planning.channels_on()) == ["aliyun_sms"]


def test_what_the_night_would_refuse_is_refused_and_leaves_no_trace(night: Night, story: Story) -> None:
    """A rule that a test stops, a wrong line, a file with other columns, one that is not there, a contradiction."""
    del story
    before = night.everything()
    forgotten = night.rule("identity_identifier_types", "tid,shop,70,", "trade_no,shop,70,")
    with pytest.raises(Rejected, match="relationships_int_identity__observations"):
        preview(night.dsn, identifier_types=forgotten)
    broken = night.rule("identity_identifier_types", "phone,global,90,weak,", "phone,global,90,feeble,")
    with pytest.raises(ConfigurationError, match=r"line \d+: kind: "):
        preview(night.dsn, identifier_types=broken)
    wrong = night.rule("identity_blocked_values", "identifier_type,pattern,match", "type,pattern,match")
    with pytest.raises(ConfigurationError, match=r"column identifier_type is missing; .*column type is unknown"):
        preview(night.dsn, blocked_values=wrong)
    with pytest.raises(ConfigurationError, match=r"nowhere\.csv cannot be read"):
        preview(night.dsn, identifier_types=night.tmp / "nowhere.csv")
    pair = [night.people.shared[0]], [night.people.child]
    with pytest.raises(Rejected, match="contradicts"):
        preview(night.dsn, decisions=[decide("same", *pair), decide("never_same", *pair)])
    assert night.everything() == before
    assert not (settings().home / "dbt" / "plan" / "project").exists()


@contextmanager
def lock(dsn: str, name: str) -> Iterator[None]:
    with psycopg.connect(dsn) as connection:
        connection.execute("select pg_advisory_lock(hashtext(%s))", [name])
        yield


def test_a_plan_gives_way_to_a_night_and_to_another_plan(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    with lock(night.dsn, "quanyu.dbt"), pytest.raises(Retryable, match="a night is being built"):
        preview(night.dsn)
    with lock(night.dsn, "quanyu.identity_plan"), pytest.raises(Retryable, match="another plan"):
        preview(night.dsn)

    @contextmanager
    def overtaken(*_: Any, **__: Any) -> Iterator[None]:
        night.warehouse.execute("update ops.publication set published_at = clock_timestamp()")
        raise Rejected("relation staging.stg_store__visits does not exist")
        yield

    monkeypatch.setattr(planning, "shadow", overtaken)
    with pytest.raises(Retryable, match="a night was built while this was planned"):
        preview(night.dsn)


def test_only_the_night_that_readers_see_is_planned(night: Night) -> None:
    with pytest.raises(Rejected, match="readers see 2026-11-20, not 2026-11-19"):
        preview(night.dsn, business_date=NIGHT.replace(day=19))
