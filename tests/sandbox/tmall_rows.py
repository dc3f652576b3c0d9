"""What TOP says of a trade, a refund and a member: yuan strings, masks, whole-number ids, only the asked fields."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tests.sandbox.top import RAW_CONTROL, text_time
from tests.sandbox.world.catalogue import ITEMS
from tests.sandbox.world.shop import MemberState
from tests.sandbox.world.trade import Refund, ShopMember, Trade, TradeLine

Row = dict[str, Any]

_MASKED = {
    "buyer_nick": "t**",
    "receiver_name": "张**",
    "receiver_mobile": "*******5552",
    "receiver_address": "龙*街道花**路**号",
}
_TITLES = {item.sku: item.title for item in ITEMS}


def trade(of: Trade, fields: Sequence[str], at: datetime) -> Row:
    """A trade as of `at`; `orders` brings every field of the lines."""
    paid, finished = _known(of.paid_at, at), _known(of.finished_at, at)
    province, city, district = of.city
    row: Row = {
        "tid": of.tid,
        "tid_str": str(of.tid),
        "status": of.status(at),
        "type": of.type,
        "payment": yuan(of.payment_fen),
        "total_fee": yuan(sum(line.list_fen * line.quantity for line in of.lines)),
        "post_fee": yuan(of.post_fee_fen),
        "discount_fee": yuan(sum(line.list_fen * line.quantity - line.fen for line in of.lines)),
        "adjust_fee": "0.00",
        "received_payment": yuan(of.payment_fen if finished else 0),
        "num": sum(line.quantity for line in of.lines),
        "price": yuan(of.lines[0].list_fen),
        "created": text_time(of.created_at),
        "pay_time": text_time(paid),
        "modified": text_time(of.modified(at)),
        "consign_time": text_time(_known(of.sent_at, at)),
        "end_time": text_time(finished or _known(of.closed_at, at)),
        "buyer_open_uid": of.buyer_open_uid,
        "oaid": f"1{of.buyer_open_uid[::-1]}{at.isocalendar().week:02d}",
        "receiver_state": province,
        "receiver_city": city,
        "receiver_district": district,
        **_MASKED,
        "seller_nick": "全域旗舰店",
        "trade_from": "WAP,WAP",
        "step_trade_status": ("FRONT_PAID_FINAL_PAID" if paid else "FRONT_NOPAID_FINAL_NOPAID")
        if of.type == "step"
        else None,
        "shop_pick": "1" if of.store else "0",
        "retail_store_code": of.store or None,
        "orders": {"order": [_order(of, line, at) for line in of.lines]},
    }
    # The platform leaves out what it does not know more often than it says null.
    return {name: row[name] for name in fields if row.get(name) is not None}


def _order(of: Trade, line: TradeLine, at: datetime) -> Row:
    refund = of.refund if of.refund is not None and of.refund.oid == line.oid else None
    asked = refund is not None and refund.moments[0][0] < at
    title = _TITLES[line.sku]
    row: Row = {
        "oid": line.oid,
        "oid_str": str(line.oid),
        "status": of.status(at),
        "refund_status": refund.status(at) if refund is not None and asked else "NO_REFUND",
        "num_iid": 601234560000 + list(_TITLES).index(line.sku),
        "sku_id": f"48123456{list(_TITLES).index(line.sku):05d}",
        "outer_iid": line.sku.rsplit("-", 1)[0],
        "outer_sku_id": line.sku,
        "title": title.replace(" ", RAW_CONTROL, 1) if line.oid % 25 == 0 else title,
        "num": line.quantity,
        "price": yuan(line.list_fen),
        "total_fee": yuan(line.fen),
        "discount_fee": yuan(line.list_fen * line.quantity - line.fen),
        "adjust_fee": "0.00",
        # The documented trap: with one line the line's payment holds the postage, with several it does not.
        "payment": yuan(line.fen + (of.post_fee_fen if len(of.lines) == 1 else 0)),
        "divide_order_fee": yuan(line.fen),
        "part_mjz_discount": "0.00",
        "cid": 50011150,
    }
    if refund is not None and asked:
        row["refund_id"] = int(refund.refund_id)
    return row


def refund(of: Refund, trade_of: Trade, fields: Sequence[str], at: datetime) -> Row:
    """A refund as of `at`; `refund_id` is text, `tid` and `oid` are numbers."""
    line = next(line for line in trade_of.lines if line.oid == of.oid)
    row: Row = {
        "refund_id": of.refund_id,
        "tid": of.tid,
        "oid": of.oid,
        "ouid": of.ouid,
        "buyer_open_uid": of.buyer_open_uid,
        "buyer_nick": "t**",
        "total_fee": yuan(trade_of.payment_fen),
        "refund_fee": yuan(of.fen),
        "payment": yuan(line.fen - of.fen),
        "status": of.status(at),
        "order_status": trade_of.status(at),
        "good_status": "BUYER_RETURNED_GOODS" if of.has_good_return else "BUYER_NOT_RECEIVED",
        "has_good_return": of.has_good_return,
        "reason": of.reason,
        "desc": "",
        "title": _TITLES[line.sku],
        "num": line.quantity,
        "outer_id": line.sku,
        "created": text_time(of.moments[0][0]),
        "modified": text_time(of.modified(at)),
        "refund_phase": of.phase,
        "refund_version": int(of.modified(at).timestamp() * 1000),
        "dispute_type": "REFUND_AND_RETURN" if of.has_good_return else "REFUND",
    }
    return {name: row[name] for name in fields if name in row}


def member(of: ShopMember, state: MemberState, at: datetime) -> Row:
    """A member; what the app may see has no nick, `ouid` is the key."""
    paid = [trade for trade in state.trades if _known(trade.paid_at, at)]
    row: Row = {
        "ouid": of.ouid,
        "grade": of.grade,
        "status": "blacklist" if of.blacklisted else "normal",
        "trade_count": len(paid),
        "trade_amount": yuan(sum(trade.payment_fen for trade in paid)),
        "relation_source": of.relation_source,
    }
    if state.last_trade is not None:
        row |= {"last_trade_time": text_time(state.last_trade.created_at), "biz_order_id": state.last_trade.tid}
    return row


def yuan(fen: int) -> str:
    """Fen as a yuan string with two decimals."""
    return f"{fen // 100}.{fen % 100:02d}"


def _known(moment: datetime | None, at: datetime) -> datetime | None:
    """The moment, once it has come."""
    return moment if moment is not None and moment < at else None
