"""One night of small raw rows, built once through all four layers; each test reads one thing off the result."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from quanyu import dbt, dbt_command, warehouse
from quanyu.activation import definition
from quanyu.contracts import SHANGHAI, Personal
from quanyu.local.postgres import EmbeddedPostgres
from quanyu.vault import Vault
from tests.dbt.evidence_kit import NIGHT, let_rows_be_short, new_load, warehouse_of_its_own

KEY = bytes(range(32))
PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
LIES = Path(__file__).parent / "lies"
SHOP, APPID, CORP, BRAND, ADVERTISER = "shop-1", "wx-1", "corp-1", "quanyu", "adv-1"

LIED_ABOUT_ELSEWHERE = {"orders", "products", "stores", "calendar"}
"""Areas whose truths test_orders_truth tells lies."""

Connection = psycopg.Connection[tuple[Any, ...]]
Rows = list[tuple[Any, ...]]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def epoch(text: str) -> int:
    return int(at(text).timestamp())


class Raw:
    """Writes rows into raw as landing would."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.vault = Vault(KEY)
        self.load = new_load(connection, NIGHT)

    def row(
        self, table: str, account: str, key: str, payload: dict[str, Any], *, version: str = "1", gone: bool = False
    ) -> None:
        self.connection.execute(
            sql.SQL("insert into raw.{} values (%s, %s, %s, null, %s, %s, %s, %s, %s)").format(sql.Identifier(table)),
            [account, key, version, json.dumps(payload), gone, NIGHT, self.load, at("2026-11-21 02:00:00")],
        )

    def phone(self, number: str) -> str:
        token = self.vault.tokenise(Personal.PHONE, number)
        self.vault.store(self.connection, [token])
        return token.token

    def trade(self, tid: int, buyer: str, payment: str, *, created: str, paid: str = "", version: str = "1") -> None:
        line = {"oid": tid, "title": "奶粉", "num": 1, "divide_order_fee": payment, "outer_sku_id": "K1"}
        payload = {"tid": tid, "buyer_open_uid": buyer, "payment": payment, "created": created, "pay_time": paid}
        payload |= {"status": "TRADE_FINISHED" if paid else "WAIT_BUYER_PAY", "orders": {"order": [line]}}
        self.row("tmall__trades", SHOP, str(tid), payload, version=version)

    def refund(self, refund_id: str, tid: int, buyer: str, fee: str, status: str) -> None:
        payload = {"refund_id": refund_id, "tid": tid, "buyer_open_uid": buyer, "refund_fee": fee, "status": status}
        self.row("tmall__refunds", SHOP, refund_id, payload | {"created": "2026-11-20 12:00:00"})

    def receipt(self, store: str, number: str, sold: str, *lines: tuple[str, str], **fields: str) -> None:
        for line_no, (sell_way, amount) in enumerate(lines, start=1):
            payload = {"store_code": store, "receipt_no": number, "line_no": str(line_no), "sold_at": sold}
            payload |= {"sell_way": sell_way, "amount": amount, "quantity": "1"} | fields
            self.row("store__receipts", BRAND, f"{store}|{number}|{line_no}", payload)

    def member(self, card: str, **fields: str) -> None:
        payload = {"member_card": card, "registered_at": "2025-03-01 10:00:00", "registered_store": "S1"}
        self.row("store__members", BRAND, card, payload | {"updated_at": "2026-11-01 10:00:00"} | fields)

    def consent(self, act: str, card: str, *, is_granted: bool = True) -> None:
        payload = {"entry_id": f"{act}-{card}", "account_type": "store_member", "account_id": card, "act": act}
        payload |= {"is_granted": is_granted, "decided_at": "2026-11-10T10:00:00+08:00", "text_version": "ads-1"}
        self.row("consent_import__entries", BRAND, f"{act}-{card}", payload)

    def left(self, event_id: str, channel: str, received: str, **body: str) -> None:
        payload = {"event_id": event_id, "channel": channel, "received_at": received, "body": body}
        self.row("callbacks__opt_outs", BRAND, event_id, payload)

    def visit(self, visit_id: str, visited: str, **fields: str) -> None:
        self.row("store__visits", BRAND, visit_id, {"visit_id": visit_id, "visited_at": visited} | fields)

    def follower(self, openid: str, subscribed: str, *, unionid: str = "", gone: bool = False) -> None:
        payload = {"openid": openid, "unionid": unionid, "subscribe": 1, "subscribe_time": epoch(subscribed)}
        self.row("official_account__followers", APPID, openid, payload, gone=gone)

    def contact(
        self, userid: str, staff: str, added: str, *, unionid: str = "", phone: str = "", gone: bool = False
    ) -> None:
        follow = {"userid": staff, "createtime": epoch(added), "remark_mobiles": [phone] if phone else []}
        payload = {"external_contact": {"external_userid": userid, "unionid": unionid}, "follow_info": follow}
        self.row("wecom__contacts", CORP, f"{userid}|{staff}", payload, gone=gone)

    def creative(self, placement: str, **figures: str) -> None:
        payload = {"time": "2026-11-20", "creativity_id": "c1", "placement": placement} | figures
        self.row("xiaohongshu__creative_report", ADVERTISER, f"2026-11-20|c1|{placement}", payload)


def a_night(raw: Raw) -> None:
    """Ann buys in stores and online chat, Bob returns, Cai wrote R, Dee and Gil are new, Eve left, Kid is a child."""
    ann = raw.phone("13500000001")
    raw.member(
        "m-ann",
        phone=ann,
        birthday="--1121",
        sms_consent="Y",
        sms_consent_at="2025-03-01 10:00:00",
        consent_text_version="v3",
    )
    raw.member("m-bob", phone=raw.phone("13500000002"), birthday="--1122", sms_consent="N")
    raw.member("m-cai", phone=raw.phone("13500000003"), sms_consent="", birthday="--1013", birthday_calendar="lunar")
    raw.member("m-kid", birthday="--1121")
    raw.consent("minor_declared", "m-kid")
    raw.consent("advertising_consent", "m-ann")
    raw.consent("advertising_consent", "m-bob", is_granted=False)
    raw.receipt("S1", "R1", "2026-11-01 15:00:00", ("A", "90.00"), ("C", "25.00"), member_card="m-ann")
    raw.receipt("S1", "R2", "2026-11-20 15:00:00", ("B", "20.00"), member_card="m-ann", original_receipt_no="R1")
    raw.receipt("S1", "R3", "2026-11-20 16:00:00", ("B", "15.00"), member_card="m-bob", original_receipt_no="R0")
    raw.receipt("S2", "R1", "2026-11-20 17:00:00", ("A", "30.00"), phone=ann)
    raw.receipt("S2", "R4", "2026-11-20 18:00:00", ("A", "10.00"))
    clerk = raw.phone("13500000099")
    for number in range(13):
        raw.receipt("S2", f"C{number}", "2026-11-20 19:00:00", ("A", "1.00"), phone=clerk)
    raw.visit("V1", "2026-10-31 10:00:00", member_card="m-ann")
    raw.visit("V2", "2026-11-20 10:00:00")
    raw.visit("V3", "2026-11-20 11:00:00", unionid="u-dee")
    raw.follower("o-dee", "2026-11-14 00:30:00", unionid="u-dee")
    raw.follower("o-gil", "2026-11-20 23:30:00")
    raw.follower("o-old", "2026-11-13 23:30:00")
    raw.follower("o-eve", "2026-11-19 12:00:00", unionid="u-eve", gone=True)
    raw.contact("e-ann", "g1", "2026-11-19 12:00:00", phone=ann)
    raw.contact("e-ann", "g2", "2026-11-10 12:00:00")
    raw.contact("e-eve", "g1", "2026-10-01 12:00:00", unionid="u-eve", gone=True)
    raw.left("u1", "official_account", "2026-11-19T20:00:00+08:00", FromUserName="o-eve", Event="unsubscribe")
    raw.left("t1", "tencent_sms", "2026-11-18T20:00:00+08:00", phone_number=raw.phone("13500000003"))
    raw.trade(1001, "b-hal", "200.07", created="2026-11-19 23:59:58", version="1")
    raw.trade(1001, "b-hal", "200.07", created="2026-11-19 23:59:58", paid="2026-11-20 00:00:01", version="2")
    raw.trade(1002, "b-hal", "70.00", created="2026-11-20 09:00:00")
    raw.trade(1003, "b-ivy", "99.00", created="2026-10-25 09:00:00", paid="2026-10-25 09:01:00")
    raw.refund("r1", 1001, "b-hal", "50.07", "SUCCESS")
    raw.refund("r2", 1003, "b-ivy", "99.00", "WAIT_SELLER_AGREE")
    raw.creative("FEED", impression="1000", click="50", like="5", comment="1", collect="4", follow="2", share="3")
    raw.creative("SEARCH", impression="300", click="40", like="-")


def only_social(raw: Raw) -> None:
    """A brand that runs nothing but an official account and advertising."""
    raw.follower("o-dee", "2026-11-18 12:00:00")
    raw.creative("FEED", impression="7", share="0")


@contextmanager
def built(postgres: EmbeddedPostgres, home: Path, fill: Callable[[Raw], None], *tested: str) -> Iterator[str]:
    """The URL of a warehouse of its own, built from raw rows; `tested` are the layers whose data tests run."""
    with warehouse_of_its_own(postgres, home) as house:
        with warehouse.connect(house.dsn) as connection:
            fill(Raw(connection))
        house.build(layers=dbt.LAYERS, tested=tested)
        yield house.dsn


def test_every_layer_builds_for_a_brand_with_two_sources_only(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    with built(postgres, tmp_path, only_social, "segments") as dsn, psycopg.connect(dsn) as connection:
        funnel = connection.execute(
            "select funnel_on, channel, stage, events from marts_build.fct_funnel_daily order by funnel_on"
        ).fetchall()
        fans = connection.execute("select count(*) from segments_build.seg_new_fan_no_purchase").fetchone()
    assert funnel == [
        (date(2026, 11, 18), "official_account", "interest", 1),
        (NIGHT, "xiaohongshu", "attention", 7),
    ]
    assert fans == (1,)


@pytest.fixture(scope="module")
def night(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with built(postgres, tmp_path_factory.mktemp("home"), a_night, "identity", "marts", "segments") as dsn:
        yield dsn


@pytest.fixture
def read(night: str) -> Iterator[Callable[..., Rows]]:
    with psycopg.connect(night, options="-c search_path=marts_build,segments_build,identity,ops") as connection:
        yield lambda query, *values: connection.execute(query, values).fetchall()


def person_of(account_id: str) -> str:
    return f"(select one_id from bridge_account_customer where account_id = '{account_id}')"


def test_an_order_is_a_trade_that_was_paid_or_a_receipt_with_a_sale(read: Callable[..., Rows]) -> None:
    orders = read("select order_key, ordered_on from fct_orders where is_paid and store_code is distinct from 'S2'")
    assert sorted(orders) == [
        ("store|S1|R1", date(2026, 11, 1)),
        ("tmall|shop-1|1001", NIGHT),
        ("tmall|shop-1|1003", date(2026, 10, 25)),
    ]


def test_what_waits_to_be_paid_is_no_order_and_stands_apart(read: Callable[..., Rows]) -> None:
    unpaid = read(f"select order_key, one_id = {person_of('b-hal')}, placed_on, title, due_fen from fct_unpaid_orders")
    assert unpaid == [("tmall|shop-1|1002", True, NIGHT, "奶粉", 7000)]


def test_refunds_that_succeeded_and_returns_lower_the_order_they_belong_to(read: Callable[..., Rows]) -> None:
    orders = read("select order_key, gross_fen, refunded_fen, net_fen from fct_orders where refunded_fen > 0")
    assert sorted(orders) == [
        ("store|S1|R1", 9000, 2000, 7000),
        ("store|S1|R3", 0, 1500, -1500),
        ("tmall|shop-1|1001", 20007, 5007, 15000),
    ]


def test_a_receipt_without_a_card_is_its_phones_owner_unless_the_phone_is_a_clerks(read: Callable[..., Rows]) -> None:
    known = read(f"select order_key, one_id = {person_of('m-ann')} from fct_orders where store_code = 'S2'")
    assert ("store|S2|R1", True) in known
    assert {is_ann for key, is_ann in known if key != "store|S2|R1"} == {None}


def test_a_customer_is_what_all_their_accounts_say(read: Callable[..., Rows]) -> None:
    columns = "is_wecom_contact, is_follower, has_phone, birthday_mmdd, home_store, first_order_on, last_order_on"
    ann = read(
        f"select {columns}, orders_count, net_revenue_fen from dim_customers where one_id = {person_of('m-ann')}"
    )
    assert ann == [(True, False, True, "1121", "S1", date(2026, 11, 1), NIGHT, 2, 10000)]
    bob = read(
        f"select has_bought, orders_count, first_order_on, net_revenue_fen from dim_customers"
        f" where one_id = {person_of('m-bob')}"
    )
    assert bob == [(True, 0, None, -1500)]


def test_the_funnel_of_the_night_has_every_channel_and_stage_that_happened(read: Callable[..., Rows]) -> None:
    funnel = read(
        "select channel, stage, events, customers, revenue_fen from fct_funnel_daily where funnel_on = %s", NIGHT
    )
    assert sorted(funnel) == [
        ("official_account", "interest", 1, 1, 0),
        ("store", "action", 15, 1, 5300),
        ("store", "search", 2, 1, 0),
        ("tmall", "action", 1, 1, 15000),
        ("xiaohongshu", "attention", 1000, 0, 0),
        ("xiaohongshu", "interest", 62, 0, 0),
        ("xiaohongshu", "search", 40, 0, 0),
        ("xiaohongshu", "share", 3, 0, 0),
    ]


def test_a_visitor_who_buys_the_next_day_is_a_conversion_of_the_visit(read: Callable[..., Rows]) -> None:
    visit = read(
        "select customers, buyers_within_7_days, buyers_within_30_days from fct_funnel_daily"
        " where funnel_on = '2026-10-31' and stage = 'search'"
    )
    assert visit == [(1, 1, 1)]


def test_impressions_on_search_results_are_kept_and_in_no_stage(read: Callable[..., Rows]) -> None:
    impressions = "touchpoint_type = 'ad_impression' and placement = 'SEARCH'"
    assert read(f"select quantity, one_id from fct_touchpoints where {impressions}") == [(300, None)]


def test_addresses_are_those_where_a_message_arrives(read: Callable[..., Rows]) -> None:
    addresses = read(
        "select channel, address, sender from bridge_customer_addresses"
        " where channel in ('official_account_mass', 'wecom_broadcast')"
    )
    assert sorted(addresses) == [
        ("official_account_mass", "o-dee", ""),
        ("official_account_mass", "o-gil", ""),
        ("official_account_mass", "o-old", ""),
        ("wecom_broadcast", "e-ann", "g1"),
    ]


def test_every_channel_that_takes_a_kind_of_address_has_it(read: Callable[..., Rows]) -> None:
    found = read("select channel, count(*), count(distinct one_id) from bridge_customer_addresses group by channel")
    same = {
        ("aliyun_call", "aliyun_sms", "ocean_engine_audience", "tencent_ads_audience", "tencent_sms"),
        ("official_account_mass", "official_account_tag", "official_account_template"),
        ("wecom_broadcast", "wecom_tag"),
        ("file_export", "webhook"),
    }
    counts = {channel: count for channel, count, _ in found}
    assert {channels: len({counts[channel] for channel in channels}) for channels in same} == dict.fromkeys(same, 1)
    assert counts.keys() == {channel for channels in same for channel in channels}
    assert {(count, people) for channel, count, people in found if channel == "webhook"} == {
        tuple(read("select count(*), count(*) from dim_customers")[0])
    }


def test_a_clerks_phone_is_nobodys_address(read: Callable[..., Rows]) -> None:
    vault = Vault(KEY)
    own = {vault.tokenise(Personal.PHONE, f"1350000000{number}").token for number in (1, 2, 3)}
    assert {row[0] for row in read("select address from bridge_customer_addresses where channel = 'aliyun_sms'")} == own


def test_consent_is_what_was_said_and_leaving_withdraws_it(read: Callable[..., Rows]) -> None:
    consents = read(
        "select account_id, fct_consents.channel, is_granted, decided_at, text_version from fct_consents"
        " inner join bridge_account_customer using (one_id)"
        " where purpose = 'marketing' and account_id in ('m-ann', 'm-bob', 'm-cai', 'o-eve')"
        " and fct_consents.channel in ('aliyun_sms', 'wecom_broadcast', 'official_account_mass')"
    )
    assert sorted(consents, key=str) == [
        ("m-ann", "aliyun_sms", True, at("2025-03-01 10:00:00"), "v3"),
        ("m-ann", "wecom_broadcast", True, at("2026-11-19 12:00:00"), "add"),
        ("m-bob", "aliyun_sms", False, at("2026-11-01 10:00:00"), None),
        ("m-cai", "aliyun_sms", False, at("2026-11-18 20:00:00"), "reply"),
        ("o-eve", "official_account_mass", False, at("2026-11-19 20:00:00"), "follow"),
        ("o-eve", "wecom_broadcast", False, at("2026-11-20 00:00:00"), "add"),
    ]


def test_advertising_is_permitted_by_its_own_act_alone(read: Callable[..., Rows]) -> None:
    consents = read(
        "select account_id, fct_consents.channel, is_granted from fct_consents"
        " inner join bridge_account_customer using (one_id)"
        " where purpose = 'advertising' and account_type = 'store_member'"
    )
    assert sorted(consents) == [
        (card, channel, card == "m-ann")
        for card in ("m-ann", "m-bob")
        for channel in ("ocean_engine_audience", "tencent_ads_audience")
    ]


def test_who_was_declared_a_child_is_one(read: Callable[..., Rows]) -> None:
    assert read(f"select one_id = {person_of('m-kid')} from dim_customers where is_minor") == [(True,)]


@pytest.mark.parametrize(
    ("segment", "members"),
    [
        ("seg_repurchase_due", {"b-ivy"}),
        ("seg_new_fan_no_purchase", {"o-dee", "o-gil"}),
        ("seg_birthday_care", {"m-ann", "m-cai"}),
        ("seg_after_sales_care", {"m-ann", "m-bob", "b-hal"}),
        ("seg_first_to_second", set()),
        ("seg_order_unpaid", {"b-hal"}),
    ],
)
def test_a_segment_holds_whom_it_names(read: Callable[..., Rows], segment: str, members: set[str]) -> None:
    found = read(
        f"select account_id from {segment} inner join bridge_account_customer using (one_id)"
        " where account_id in"
        " ('b-ivy', 'b-hal', 'o-dee', 'o-gil', 'o-eve', 'o-old', 'm-ann', 'm-bob', 'm-cai', 'm-kid')"
    )
    assert {row[0] for row in found} == members


def test_activation_understands_what_every_segment_says_of_itself(night: str) -> None:
    with warehouse.connect(night) as connection:
        segments = definition.load(connection)
    assert list(segments)[:4] == [
        "seg_birthday_care",
        "seg_repurchase_due",
        "seg_new_fan_no_purchase",
        "seg_after_sales_care",
    ]
    assert segments.keys() == {path.stem for path in (PROJECT / "models" / "segments").glob("seg_*.sql")}


def test_no_mart_shows_a_phone_in_clear(night: str) -> None:
    with psycopg.connect(night) as connection:
        tables = connection.execute(
            "select format('%I.%I', table_schema, table_name) from information_schema.tables"
            " where table_schema in ('staging', 'identity', 'marts_build', 'segments_build')"
        ).fetchall()
        assert len(tables) > 20
        for (table,) in tables:
            found = connection.execute(
                f"select count(*) from {table} as t where to_jsonb(t)::text ~ '1350000000|1350000009'"
            ).fetchone()
            assert found == (0,), table


def test_every_rule_holds_on_its_unit_tests(night: str, tmp_path: Path) -> None:
    results = _tests(night, tmp_path, "test_type:unit,path:models/marts", "test_type:unit,path:models/segments")
    assert {name for name, status in results.items() if status != "pass"} == set()
    assert len(results) > 10


def test_a_mart_that_lies_is_caught(night: str, tmp_path: Path) -> None:
    """Each truth is told a lie, one fen or one row off; tests/dbt/lies has one file for each area of the marts."""
    lies = "".join(path.read_text(encoding="utf-8") for path in sorted(LIES.glob("*.sql")))
    told = sorted(set(re.findall(r"(?:update|insert into|delete from)\s+(\w+\.\w+)", lies)))
    with psycopg.connect(night) as connection:
        connection.execute("create schema truth")
        for number, table in enumerate(told):
            connection.execute(f"create table truth.t{number} as table {table}")
        let_rows_be_short(connection, told)
        connection.execute(lies)
        connection.commit()
        try:
            results = _tests(night, tmp_path, "test_type:singular,path:tests/marts", "path:tests/segments")
        finally:
            for number, table in enumerate(told):
                connection.execute(f"delete from {table}")
                connection.execute(f"insert into {table} table truth.t{number}")
            connection.execute("drop schema truth cascade")
    paths = [path for folder in ("marts", "segments") for path in (PROJECT / "tests" / folder).rglob("*.sql")]
    truths = {path.stem for path in paths if path.parent.name not in LIED_ABOUT_ELSEWHERE}
    caught = {name for name, status in results.items() if status in {"fail", "warn"}}
    assert truths - caught == set()


def _tests(dsn: str, folder: Path, *selected: str) -> dict[str, str]:
    """Run tests of the project against a warehouse that is built; name -> status."""
    outcome = dbt_command.invoke(["test", "--select", *selected], dsn, folder, {"business_date": NIGHT.isoformat()})
    return {result.node.name: str(result.status) for result in getattr(outcome.result, "results", ())}
