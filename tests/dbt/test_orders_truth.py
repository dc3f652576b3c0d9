"""Orders, lines and refunds of every shop against a world that knows who bought what, and against lies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

import psycopg
import pytest

from quanyu import dbt_command, discovery, gates, landing
from quanyu.contracts import SHANGHAI
from quanyu.local.postgres import EmbeddedPostgres
from quanyu.settings import PROJECT, settings
from tests.dbt.evidence_kit import NIGHT, VAULT, Warehouse, let_rows_be_short, warehouse_of_its_own
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox
from tests.sandbox.world import World
from tests.sandbox.world.catalogue import GIFT, ITEMS, STORES
from tests.sandbox.world.marketplace import Order
from tests.sandbox.world.systems import douyin_shop, jd, pinduoduo, wechat_store, youzan
from tests.sandbox.world.trade import Trade

AREAS = ("orders", "products", "stores", "calendar")
TRUTHS = {path.stem for area in AREAS for path in (PROJECT / "dbt_project" / "tests" / "marts" / area).glob("*.sql")}
SHOPS = ("tmall", "jd", "douyin_shop", "youzan", "wechat_store", "pinduoduo")
END = datetime.combine(NIGHT + timedelta(days=1), time(), SHANGHAI)

Money = dict[tuple[str, str], tuple[int, int]]
"""(channel, number of the order) -> gross and what went back, in fen."""


@dataclass(frozen=True)
class Night:
    """A night of every shop, its tills read by their database."""

    house: Warehouse
    sandbox: Sandbox

    @property
    def world(self) -> World:
        return self.sandbox.world

    def land(self, *names: str) -> None:
        dsn = self.house.dsn
        for source in (discovery.sources()[name] for name in names):
            for entity in source.entities:
                where = self.sandbox.connection(source.name)
                landing.land(source, entity, where, NIGHT, dsn=dsn, vault=VAULT, history_days=30)
        gates.check(dsn, "raw", NIGHT, landing.pens(dsn, NIGHT))
        for name in names:
            landing.admit(dsn, NIGHT, name)

    def dbt(self, *command: str) -> dict[str, str]:
        """Name -> status of what a command of dbt did."""
        folder = settings().home / "dbt" / "orders"
        outcome = dbt_command.invoke(command, self.house.dsn, folder, {"business_date": NIGHT.isoformat()})
        return {result.node.name: str(result.status) for result in getattr(outcome.result, "results", ())}

    def build(self) -> None:
        marts = [f"+path:models/marts/{area}" for area in AREAS]
        assert set(self.dbt("run", "--select", *marts).values()) == {"success"}

    def money(self, *channels: str) -> Money:
        """What the orders of some channels say, of those paid within the history."""
        start = datetime.combine(self.world.calendar.first, time(), SHANGHAI)
        rows = self.house.rows(
            "select channel, order_no, gross_fen, refunded_fen from marts_build.fct_orders"
            f" where ordered_at >= '{start}' and channel in ({', '.join(map(repr, channels))})"
        )
        return {(channel, number): (gross, refunded) for channel, number, gross, refunded in rows}


@pytest.fixture(scope="module")
def night(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    with (
        warehouse_of_its_own(postgres, tmp_path_factory.mktemp("orders")) as house,
        running_sandbox(people=90, seed=33, business_date=NIGHT) as sandbox,
    ):
        leave_unpaid(sandbox.world)
        found = Night(house, sandbox)
        found.land(*SHOPS, "store_db", "inventory")
        found.dbt("seed")
        found.build()
        yield found


def shops_that_show_unpaid(world: World) -> dict[str, tuple[list[Order] | list[Trade], Any]]:
    """Channel -> what is ordered there, and how an order is numbered."""
    return {
        "tmall": (world.trades, lambda trade: trade.tid),
        "douyin_shop": (douyin_shop.orders(world), douyin_shop.order_id),
        "youzan": (youzan.orders(world), youzan.tid),
        "wechat_store": (wechat_store.orders(world), wechat_store.order_id),
    }


def leave_unpaid(world: World) -> None:
    """Let the first order of each shop wait to be paid: so few people leave none by chance."""
    start = datetime.combine(world.calendar.first, time(), SHANGHAI)
    for orders, _ in shops_that_show_unpaid(world).values():
        first = next(order for order in orders if order.created_at >= start)
        first.paid_at = first.finished_at = first.refund = None
        first.closed_at = END + timedelta(hours=1)
        if isinstance(first, Trade):
            first.type, first.sent_at = "fixed", None
        else:
            first.shipped_at = None


def orders_of(world: World) -> Iterator[tuple[str, str, Order, int]]:
    """Channel, number, order and what went back, of every marketplace's paid orders within the history."""
    start = datetime.combine(world.calendar.first, time(), SHANGHAI)
    paid_out = {refund.order.number: refund for refund in jd.refunds(world) if refund.is_paid}
    shops: dict[str, tuple[list[Order], Any]] = {
        "jd": (jd.orders(world), jd.order_id),
        "douyin_shop": (douyin_shop.orders(world), douyin_shop.order_id),
        "youzan": (youzan.orders(world), youzan.tid),
        "wechat_store": (wechat_store.orders(world), wechat_store.order_id),
        "pinduoduo": (pinduoduo.orders(world), pinduoduo.order_sn),
    }
    for channel, (orders, number) in shops.items():
        for order in orders:
            if order.paid_at is None or not start <= order.paid_at < END:
                continue
            back = order.refund
            is_back = back is not None and back.stage(END) == "granted"
            if channel == "jd":
                is_back = order.number in paid_out and paid_out[order.number].completed_at < END
            yield channel, str(number(order)), order, back.fen if back is not None and is_back else 0


def test_every_order_of_every_marketplace_is_there_to_the_fen_with_what_went_back(night: Night) -> None:
    expected = {(channel, number): (order.paid_fen, back) for channel, number, order, back in orders_of(night.world)}
    start = datetime.combine(night.world.calendar.first, time(), SHANGHAI)
    for trade in night.world.trades:
        if trade.paid_at is not None and start <= trade.paid_at < END:
            refund = trade.refund
            is_back = refund is not None and refund.moments[0][0] < END and refund.status(END) == "SUCCESS"
            back = refund.fen if refund is not None and is_back else 0
            expected["tmall", str(trade.tid)] = trade.payment_fen, back
    assert night.money(*SHOPS) == expected
    assert {channel for channel, _ in expected} == set(SHOPS)
    assert {channel for (channel, _), (_, back) in expected.items() if back} == set(SHOPS)


def test_what_waits_to_be_paid_is_there_where_the_platform_shows_it(night: Night) -> None:
    expected = {
        (channel, str(number(order))): order.payment_fen if isinstance(order, Trade) else order.paid_fen
        for channel, (orders, number) in shops_that_show_unpaid(night.world).items()
        for order in orders
        if [at for at, _ in order.moments() if at < END] == [order.created_at]
        and not (isinstance(order, Trade) and order.type in {"step", "nopaid"})
    }
    found = night.house.rows("select channel, order_no, due_fen, one_id, title from marts_build.fct_unpaid_orders")
    assert {(channel, number): fen for channel, number, fen, *_ in found} == expected
    assert {None} & {said for *_, one_id, title in found for said in (one_id, title)} == set()
    assert {channel for channel, _ in expected} == set(shops_that_show_unpaid(night.world))


def test_receipts_of_the_tills_database_are_the_sales_and_returns_of_the_stores(night: Night) -> None:
    receipts = [receipt for receipt in night.world.receipts if receipt.uploaded_on <= NIGHT]
    took: dict[str, int] = {}
    gave: dict[str, int] = defaultdict(int)
    for receipt in receipts:
        if sold := [line.fen for line in receipt.lines if line.sell_way == "A"]:
            took[f"{receipt.store}{receipt.receipt_no}"] = sum(sold)
    for receipt in receipts:
        back = [line.fen for line in receipt.lines if line.sell_way == "B"]
        original = f"{receipt.store}{receipt.original_receipt_no}"
        if back:
            gave[original if original in took else f"{receipt.store}{receipt.receipt_no}"] += sum(back)
    expected = {("store", number): (took.get(number, 0), gave[number]) for number in took.keys() | gave.keys()}
    assert night.money("store") == expected
    assert sum(gave.values()) > 0


def test_live_sessions_and_creators_have_the_orders_that_they_sold(night: Night) -> None:
    sold = {number: douyin_shop.sold(night.world, order)
            for channel, number, order, _ in orders_of(night.world) if channel == "douyin_shop"}  # fmt: skip
    found = night.house.rows(
        "select order_no, coalesce(live_room_key, 'douyin_shop|0'), coalesce(creator_key, 'douyin_shop|0')"
        " from marts_build.fct_orders where channel = 'douyin_shop'"
    )
    told = {number: (room, creator) for number, room, creator in found if number in sold}
    assert told == {
        number: (f"douyin_shop|{one.room_id}", f"douyin_shop|{one.author_id}") for number, one in sold.items()
    }
    assert len({room for room, _ in told.values()}) > 2


def test_every_buyer_that_a_platform_names_is_a_person(night: Night) -> None:
    """Pinduoduo names nobody; a till names whoever shows a card."""
    named = night.house.rows(
        "select channel, count(*) = count(one_id), count(one_id) = 0 from marts_build.fct_orders group by channel"
    )
    everybody = {channel for channel, everybody, _ in named if everybody}
    nobody = {channel for channel, _, nobody in named if nobody}
    assert everybody == set(SHOPS) - {"pinduoduo"}
    assert nobody == {"pinduoduo"}
    cards = sum(bool(receipt.member_card) for receipt in night.world.receipts if receipt.uploaded_on <= NIGHT
                if any(line.sell_way == "A" for line in receipt.lines))  # fmt: skip
    known = night.house.rows("select count(one_id) from marts_build.fct_orders where channel = 'store' and is_paid")
    assert known == [(cards,)]


def test_an_article_has_one_key_and_a_category_wherever_it_is_sold(night: Night) -> None:
    products = night.house.rows("select product_key, title, category from marts_build.dim_products")
    titles = {item.sku: item.title for item in (*ITEMS, GIFT)}
    assert {key: title for key, title, _ in products} == titles
    assert "other" not in {category for _, _, category in products}


def test_every_truth_of_orders_articles_stores_and_days_holds(night: Night) -> None:
    models = [f"path:models/marts/{area}" for area in AREAS]
    found = night.dbt("test", "--indirect-selection", "cautious", "--select", *models, *TRUTHS)
    assert {name for name, status in found.items() if status != "pass"} == set()
    assert found.keys() >= TRUTHS


LIES = """
    update marts_build.fct_orders set net_fen = net_fen + 1 where order_key = (
        select min(order_key) from marts_build.fct_orders where channel = 'jd');
    update marts_build.fct_orders set gross_fen = gross_fen + 1, is_paid = true, net_fen = -1 where order_key = (
        select min(order_key) from marts_build.fct_orders where channel = 'store');
    update marts_build.fct_orders set channel = 'bazaar' where order_key = (
        select min(order_key) from marts_build.fct_orders where channel = 'youzan');
    update marts_build.fct_order_lines set gross_fen = gross_fen + 1 where channel = 'pinduoduo';
    delete from marts_build.fct_order_lines where channel = 'youzan';
    update marts_build.fct_refunds set amount_fen = amount_fen + 1 where channel = 'wechat_store';
    delete from marts_build.fct_refunds where channel = 'tmall';
    insert into staging.stg_jd__orders (app, order_id, parent_order_id, state)
        select app, 'part', order_id, 'TRADE_CANCELED' from staging.stg_jd__orders
        where 'jd|' || app || '|' || order_id in (select order_key from marts_build.fct_orders) limit 1;
    update staging.stg_jd__orders set state = 'TRADE_CANCELED' where order_id not in (
        select order_id from staging.stg_jd__after_sales);
    insert into marts_build.fct_unpaid_orders (order_key) select min(order_key) from marts_build.fct_orders;
    update marts_build.dim_products set gross_fen = gross_fen + 1;
    update marts_build.dim_products set product_key = '600101' where product_key = 'QY-MILK-1';
    update marts_build.dim_stores set store_code = 'S99', longitude = 30, latitude = 120 where store_code = 'S01';
    delete from marts_build.dim_date where date_on = '2026-11-10';
    update marts_build.dim_date set is_promotion_day = false;
"""


def test_every_truth_catches_a_lie(night: Night) -> None:
    with psycopg.connect(night.house.dsn) as connection:
        connection.execute("create schema truth")
        tables = [("marts_build", f"fct_{name}") for name in ("orders", "order_lines", "refunds", "unpaid_orders")]
        tables += [("marts_build", f"dim_{name}") for name in ("products", "stores", "date")]
        tables += [("staging", "stg_jd__orders")]
        for schema, table in tables:
            connection.execute(f"create table truth.{table} as select * from {schema}.{table}")
        let_rows_be_short(connection, [f"{schema}.{table}" for schema, table in tables])
        connection.execute("update marts_build.dim_stores set longitude = 120, latitude = 30")
        connection.execute(LIES)
        connection.commit()
        try:
            found = night.dbt("test", "--select", *TRUTHS)
        finally:
            for schema, table in tables:
                connection.execute(f"delete from {schema}.{table}")
                connection.execute(f"insert into {schema}.{table} select * from truth.{table}")
            connection.execute("drop schema truth cascade")
            connection.commit()
    assert {name for name, status in found.items() if status not in {"fail", "warn"}} == set()


def test_a_till_that_is_read_twice_counts_once(night: Night) -> None:
    """The files of the same tills arrive too: they take over, and no store has a fen more or less on any day."""
    by_day = (
        "select store_code, ordered_on, sum(gross_fen), count(*) from marts_build.fct_orders"
        " where channel = 'store' and is_paid group by 1, 2 order by 1, 2"
    )
    before = night.house.rows(by_day)
    night.land("store")
    night.build()
    numbers = {number for _, number in night.money("store")}
    assert night.house.rows(by_day) == before
    assert {store for store, *_ in before} == set(STORES)
    assert not [number for number in numbers if number.startswith("S0")], "the files' own numbers"
