"""What JOS says of an order, a refund and a member: texts in orders, numbers and milliseconds in the other two."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.sandbox.top import RAW_CONTROL
from tests.sandbox.world.facts import text, yuan
from tests.sandbox.world.marketplace import Order
from tests.sandbox.world.systems import jd as chapter

if TYPE_CHECKING:
    from tests.sandbox.world import World

Row = dict[str, Any]

_NEVER = "0001-01-01 00:00:00"
_STATES = {
    "paid": "WAIT_SELLER_STOCK_OUT",
    "shipped": "WAIT_GOODS_RECEIVE_CONFIRM",
    "finished": "FINISHED_L",
    "closed": "TRADE_CANCELED",
}
_WORDS = {"paid": "等待出库", "shipped": "等待确认收货", "finished": "完成", "closed": "取消"}


def state(order: Order, at: datetime) -> str:
    """The order's state just before `at`."""
    return _STATES[order.stage(at)]


def result(code: int, words: str) -> Row:
    """What an answer says of itself."""
    return {"success": code == 0, "englishErrCode": words, "chineseErrCode": words, "numberCode": code}


def order(world: World, of: Order, at: datetime) -> Row:
    """An order as of `at`, every value a text."""
    name, (province, city, county) = world.person(of.person).name, of.town
    saved = of.list_fen - sum(line.fen for line in of.lines)
    number = str(chapter.order_id(of))
    return {
        "orderId": number,
        "venderId": "10001",
        "orderType": "22",
        "payType": "4",
        "orderTotalPrice": yuan(of.list_fen),
        "orderSellerPrice": yuan(of.list_fen - saved),
        "orderPayment": yuan(of.paid_fen),
        "freightPrice": yuan(of.post_fen),
        "sellerDiscount": yuan(saved),
        "balanceUsed": "0.00",
        "orderState": state(of, at),
        "orderStateRemark": _WORDS[of.stage(at)],
        "orderStartTime": text(of.created_at),
        "paymentConfirmTime": text(of.paid_at),
        "orderEndTime": text(of.finished_at) if of.finished_at is not None and of.finished_at < at else _NEVER,
        "modified": text(of.modified(at)),
        "pin": chapter.pin(world, of.person),
        "open_id_buyer": chapter.open_id(world, of.person),
        "xid_buyer": chapter.xid(world, of.person),
        "parentOrderId": "0",
        "storeId": of.store,
        "menDianId": of.store,
        "venderRemark": "",
        "orderRemark": f"{name}收" if of.number % 4 == 0 else "",
        "consigneeInfo": {
            "fullname": f"{name[0]}**",
            "mobile": "138****0000",
            "telephone": "138****0000",
            "fullAddress": f"{province}{city}{county}***",
            "province": province,
            "city": city,
            "county": county,
            "town": "",
            "oaid": world.code("jd oaid", f"{of.person} {at.isocalendar().week}", "", 60),
        },
        "itemInfoList": [
            {
                "skuId": f"1000{line.item.item_no}",
                "outerSkuId": line.item.sku,
                "skuName": line.item.title.replace(" ", RAW_CONTROL, 1) if of.number % 25 == 0 else line.item.title,
                "jdPrice": yuan(line.item.fen),
                "itemTotal": str(line.quantity),
                "wareId": f"2000{line.item.item_no}",
                "productNo": "",
                "giftPoint": "0",
            }
            for line in of.lines
        ],
        "couponDetailList": [
            {
                "orderId": number,
                "skuId": f"1000{line.item.item_no}",
                "couponType": "100-店铺优惠",
                "couponPrice": yuan(line.item.fen * line.quantity - line.fen),
            }
            for line in of.lines
            if line.fen < line.item.fen * line.quantity
        ],
    }


def refund(world: World, of: chapter.Refund, at: datetime) -> Row:
    """A refund as of `at`, with the service bill it comes from."""
    name = world.person(of.order.person).name
    return {
        "afsRefundId": chapter.refund_id(of.of),
        "refoundAmount": _number(of.of.fen),
        **({"completeTime": _milliseconds(of.completed_at)} if of.completed_at < at else {}),
        "status": of.status(at),
        "sameOrderServiceBill": {
            "serviceId": 1_700_000_000 + of.of.number,
            "afsApplyId": 1_800_000_000 + of.of.number,
            "orderId": chapter.order_id(of.order),
            "wareId": int(f"2000{of.of.line.item.item_no}"),
            "wareName": of.of.line.item.title,
            "afsApplyTime": _milliseconds(of.of.asked_at),
            "approveDate": _milliseconds(of.of.decided_at),
            "approveName": "客服01",
            "approveNotes": "",
            "questionDesc": f"{of.of.reason}，联系{name}",
            "applyReason": of.of.reason,
            "customerPin": chapter.pin(world, of.order.person),
        },
    }


def member(world: World, of: chapter.Member, at: datetime) -> Row:
    """A member as of `at`, amounts in yuan as numbers."""
    paid = [one for one in of.orders if chapter.is_shown(one, at)]
    closed = [one for one in paid if one.stage(at) == "closed"]
    return {
        "customer_pin": chapter.pin(world, of.person),
        "grade": str(of.grade),
        "trade_count": len(paid),
        "trade_amount": _number(sum(one.paid_fen for one in paid)),
        "close_trade_count": len(closed),
        "close_trade_amount": _number(sum(one.paid_fen for one in closed)),
        "item_num": sum(line.quantity for one in paid for line in one.lines),
        "avg_price": _number(sum(one.paid_fen for one in paid) // max(len(paid), 1)),
        **({"last_trade_time": _milliseconds(max(one.created_at for one in paid))} if paid else {}),
        "account_id": 0,
        "jd_user_id": 0,
    }


def _number(fen: int) -> float:
    return fen / 100


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
