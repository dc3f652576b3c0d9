"""The till system's database: `hbposv` as SIXUN has it, in GBK, with ID-card numbers that nobody may read.

`changed_type` makes floating numbers of the money; `missing_column` renames sale_money, pay_amount, acc_num, mobile,
item_name and branch_name.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any, ClassVar

import sqlalchemy as sa

from quanyu.contracts import SHANGHAI
from tests.sandbox.sql_platform import Rows, Shape, SqlPlatform
from tests.sandbox.store_db_tables import COLUMNS, shaped, table
from tests.sandbox.world.catalogue import GIFT, ITEMS, STORES
from tests.sandbox.world.model import BRAND, Card
from tests.sandbox.world.systems.store_db import BY_CARD_NO_STORE, MINUS_STORE, Rung, card_id, cards, rung

ID_CARD = "330106199001011237"
"""In every member's row; no reading may bring it."""


class StoreDb(SqlPlatform):
    """The database of head office."""

    name: ClassVar[str] = "store_db"
    alternative_to: ClassVar[str] = "store"
    database: ClassVar[str] = "hbposv"
    charset: ClassVar[str] = "gbk"

    def connection(self, url: str) -> dict[str, Any]:
        """The account that may read, and the brand."""
        return self.fields(url, {"account": BRAND})

    def tables(self, shape: Shape) -> list[tuple[sa.Table, Rows]]:
        """What the tills had uploaded by the evening."""
        end = datetime.combine(shape.today + timedelta(days=1), time(), SHANGHAI)
        seen = [found for found in rung(self.world) if found.receipt.uploaded_on < end.date()]
        rows: dict[str, list[dict[str, Any]]] = {
            "t_rm_saleflow": [row for found in seen for row in _lines(found)],
            "t_rm_payflow": [row for found in seen for row in self._tenders(found)],
            "t_rm_vip_acclist": [self._points(found) for found in seen if found.point_row is not None],
            "t_rm_vip_info": self._members(seen, end),
            "t_bd_item_info": _items(),
            "t_bd_branch_info": _branches(),
        }
        return [(table(name, shape), [shaped(row, shape) for row in rows[name]]) for name in COLUMNS]

    def _tenders(self, found: Rung) -> list[dict[str, Any]]:
        receipt = found.receipt
        by_number = receipt.store == BY_CARD_NO_STORE
        vip_no = receipt.member_card if by_number or not receipt.member_card else self._card_id(receipt.member_card)
        return [
            {
                "com_no": found.first_tender + number,
                **_flow(found, number + 1, found.sell_way),
                "pay_way": tender.pay_way,
                "sale_amount": _yuan(found.fen),
                "pay_amount": _yuan(_stored(tender.fen, found)),
                "coin_no": "RMB",
                "coin_rate": Decimal("1.0000"),
                "card_no": "6222020200112233445" if tender.pay_way == "CRD" else None,
                "vip_no": vip_no or None,
                "voucher_no": _flow_no(receipt.store, receipt.original_receipt_no) or None,
                "oper_id": "1001",
                "cashier_no": "1001",
                "shift_no": "1",
                "memo": "顾客说改天再来" if number == 0 and found.first_line % 50 == 0 else None,
            }
            for number, tender in enumerate(found.tenders)
        ]

    def _points(self, found: Rung) -> dict[str, Any]:
        receipt = found.receipt
        return {
            "flow_id": found.point_row,
            "card_id": self._card_id(receipt.member_card),
            "card_no": receipt.member_card,
            "branch_no": receipt.store,
            "oper_type": "0" if found.sell_way == "A" else "1",
            "ope_date": _naive(receipt.sold_at),
            "flow_no": _flow_no(receipt.store, receipt.receipt_no),
            "consum_amt": _yuan(found.fen),
            "acc_num": Decimal(found.points),
            "oper_des": "消费积分" if found.sell_way == "A" else "退货扣分",
        }

    def _members(self, seen: list[Rung], end: datetime) -> list[dict[str, Any]]:
        earned: Counter[str] = Counter()
        balance: Counter[str] = Counter()
        for found in seen:
            earned[found.receipt.member_card] += found.points if found.sell_way == "A" else 0
            balance[found.receipt.member_card] += found.points if found.sell_way == "A" else -found.points
        return [
            self._member(card, earned[card.member_card], balance[card.member_card]) for card in cards(self.world, end)
        ]

    def _member(self, card: Card, earned: int, balance: int) -> dict[str, Any]:
        return {
            "card_id": self._card_id(card.member_card),
            "card_no": card.member_card,
            "card_type": "01",
            "vip_name": card.name,
            "vip_sex": "女",
            "vip_tel": None,
            "mobile": card.phone or None,
            "vip_email": None,
            "birthday": datetime.combine(card.birthday, time()) if card.birthday else None,
            "social_id": ID_CARD,
            "branch_no": card.registered_store,
            "card_status": "0",
            "vip_start_date": _naive(card.registered_at),
            "vip_end_date": datetime(2099, 12, 31),  # noqa: DTZ001  # a DATETIME column has no zone
            "acc_num": Decimal(earned),
            "now_acc_num": Decimal(balance),
            "modify_date": _naive(card.updated_at),
        }

    def _card_id(self, member_card: str) -> str:
        return card_id(self.world, member_card)


def _lines(found: Rung) -> list[dict[str, Any]]:
    receipt = found.receipt
    return [
        {
            "com_no": found.first_line + number,
            **_flow(found, number + 1, line.sell_way),
            "item_no": line.item_no,
            "source_price": _yuan(line.fen // line.quantity),
            "sale_price": _yuan(line.fen // line.quantity),
            "sale_qnty": Decimal(_stored(line.quantity, found)),
            "sale_money": _yuan(_stored(line.fen, found)),
            "in_price": _yuan(line.fen // line.quantity * 6 // 10),
            "pref_amt": Decimal(0),
            "posid": "01",
            "uptime": datetime.combine(receipt.uploaded_on, time(23, 30)),
        }
        for number, line in enumerate(receipt.lines)
    ]


def _flow(found: Rung, number: int, sell_way: str) -> dict[str, Any]:
    receipt = found.receipt
    return {
        "flow_id": number,
        "flow_no": _flow_no(receipt.store, receipt.receipt_no),
        "branch_no": receipt.store,
        "sell_way": sell_way,
        "oper_date": _naive(receipt.sold_at),
        "sale_man": receipt.guide_id,
        "counter_no": "01",
    }


def _items() -> list[dict[str, Any]]:
    return [
        {
            "item_no": item.item_no,
            "item_subno": f"69{item.item_no}0001",
            "item_name": item.title,
            "item_clsno": item.item_no[:4],
            "item_brandname": "全域",
            "unit_no": "件",
            "item_size": item.sku,
            "sale_price": _yuan(item.fen),
            "status": "0",
        }
        for item in (*ITEMS, GIFT)
    ]


def _branches() -> list[dict[str, Any]]:
    return [
        {"branch_no": store, "branch_name": f"全域{store}店", "branch_man": "店长", "property": "1", "trade_type": "1"}
        for store in STORES
    ]


def _stored(magnitude: int, found: Rung) -> int:
    """The magnitude as the till writes it."""
    return -magnitude if found.sell_way == "B" and found.receipt.store == MINUS_STORE else magnitude


def _flow_no(store: str, receipt_no: str) -> str:
    return f"{store}{receipt_no}" if receipt_no else ""


def _naive(at: datetime) -> datetime:
    return at.replace(tzinfo=None)


def _yuan(fen: int) -> Decimal:
    return Decimal(fen) / 100
