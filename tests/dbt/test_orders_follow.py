"""Orders follow what says how they count, also when no record of their own changed: a night equals a rebuild."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest

from quanyu import dbt, dbt_command, marts_state
from quanyu.dbt_command import DBT_PROJECT
from quanyu.local.postgres import EmbeddedPostgres
from quanyu.settings import settings
from tests.dbt.evidence_kit import BRAND, NIGHT, Account, Evidence, Warehouse, days_ago, wall, warehouse_of_its_own

MARTS = ("fct_orders", "fct_order_lines", "fct_refunds")
Tables = dict[str, list[str]]


class Sales(Evidence):
    """Orders of JD, and tills by their database and by their files."""

    def order(self, number: str, paid: datetime, yuan: int, *, parent: str = "0") -> None:
        line = {"skuId": "7", "outerSkuId": "X", "skuName": "x", "jdPrice": f"{yuan}.00", "itemTotal": "1"}
        payload = {
            "orderId": number, "parentOrderId": parent, "orderState": "FINISHED_L", "orderPayment": f"{yuan}.00",
            "paymentConfirmTime": wall(paid), "open_id_buyer": "o1", "itemInfoList": [line],
        }  # fmt: skip
        self._add("jd__orders", "app", number, payload, moment=paid)

    def till(self, store: str, number: str, sold: datetime, yuan: int, *, card: str = "", original: str = "") -> None:
        """A receipt as the tills' database has it."""
        key, way = f"{store}{number}", "B" if original else "A"
        shared = {"com_no": key, "branch_no": store, "flow_no": number, "sell_way": way, "oper_date": wall(sold)}
        line = {"item_no": "X", "sale_qnty": "1", "sale_money": f"{yuan}.00"}
        self._add("store_db__sale_lines", BRAND, key, shared | line, moment=sold)
        tender = {"pay_way": "RMB", "pay_amount": f"{yuan}.00", "vip_no": card, "voucher_no": original}
        self._add("store_db__tenders", BRAND, key, shared | tender, moment=sold)

    def file(self, store: str, number: str, sold: datetime, yuan: int) -> None:
        """A receipt as the store's files have it."""
        payload = {"store_code": store, "receipt_no": number, "line_no": "1", "sold_at": wall(sold), "item_no": "X"}
        payload |= {"sell_way": "A", "amount": f"{yuan}.00", "quantity": "1"}
        self._add("store__receipts", BRAND, f"{store}|{number}|1", payload, moment=sold)

    def holder(self, card_id: str, card: str, since: datetime) -> Account:
        payload = {"card_id": card_id, "card_no": card, "vip_start_date": wall(since), "modify_date": wall(since)}
        self._add("store_db__members", BRAND, card_id, payload, moment=since)
        return "store_member", BRAND, card


@dataclass(frozen=True)
class Nights:
    """What the last night left, what a rebuild makes of the same rows, and whether the night was a delta."""

    house: Warehouse
    kept: Tables
    rebuilt: Tables
    was_delta: bool


def _dbt(house: Warehouse, night: date, *command: str, is_delta: bool = False) -> None:
    variables = {"business_date": night.isoformat()}
    outcome = dbt_command.invoke(command, house.dsn, settings().home / "dbt" / "orders", variables, is_delta=is_delta)
    assert outcome.success, [(result.node, result.message) for result in dbt.failed(outcome)]


def _build(house: Warehouse, night: date) -> bool:
    """Build what orders rest on, then orders; whether they went on from the night before."""
    marts = [*MARTS, "bridge_customer_accounts"]
    marts_state.remember_staged(house.dsn, night)
    run = ("run", "--no-write-json", "--select")
    _dbt(house, night, *run, *(f"+{name}" for name in marts), "--exclude", "path:models/marts")
    with marts_state.continued(house.dsn, DBT_PROJECT, night) as is_delta:
        changes = [f"int_changed__{name}" for name in ("records", "accounts", "orders")]
        _dbt(house, night, *run, "path:models/marts/orders", *marts, *changes, is_delta=is_delta)
    return is_delta


def _tables(house: Warehouse) -> Tables:
    return {name: [row for (row,) in house.rows(f"select t::text from marts_build.{name} as t order by 1")]
            for name in MARTS}  # fmt: skip


@pytest.fixture(scope="module")
def nights(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    before, after = Sales(), Sales()
    before.order("100", days_ago(3), 300)
    before.till("S1", "F1", days_ago(3), 90, card="id1")
    before.till("S1", "F3", days_ago(2), 20, original="F2")
    before.till("S2", "F7", days_ago(2), 70, card="id2")
    before.till("S2", "F8", days_ago(2), 10)
    before.holder("id1", "m1", days_ago(50))
    # The order is split; a till was offline; a card is told of; the files of a day arrive after all.
    after.order("101", days_ago(3), 200, parent="100")
    after.order("102", days_ago(3), 100, parent="100")
    after.till("S1", "F2", days_ago(2), 50)
    after.holder("id2", "m2", days_ago(50))
    after.file("S1", "R1", days_ago(3), 90)
    with warehouse_of_its_own(postgres, tmp_path_factory.mktemp("orders_follow")) as house:
        house.add(before.rows, NIGHT - timedelta(days=1))
        _dbt(house, NIGHT, "seed")
        _build(house, NIGHT - timedelta(days=1))
        house.add(after.rows, NIGHT)
        was_delta = _build(house, NIGHT)
        kept = _tables(house)
        house.execute("update ops.marts_build set is_finished = false")
        _build(house, NIGHT)
        yield Nights(house, kept, _tables(house), was_delta)


def test_a_night_leaves_what_a_rebuild_leaves(nights: Nights) -> None:
    assert nights.was_delta
    assert nights.kept == nights.rebuilt


def test_every_sale_counts_once_and_is_its_cards(nights: Nights) -> None:
    found = nights.house.rows(
        "select order_key, gross_fen, refunded_fen, account_id from marts_build.fct_orders"
        " left join identity.bridge_account_customer using (account_key)"
    )
    assert sorted(found) == [
        ("jd|app|101", 20000, 0, "o1"),
        ("jd|app|102", 10000, 0, "o1"),
        ("store|S1|F2", 5000, 2000, None),
        ("store|S1|R1", 9000, 0, None),
        ("store|S2|F7", 7000, 0, "m2"),
        ("store|S2|F8", 1000, 0, None),
    ]
