"""The WeChat Store (微信小店): orders and after-sales by the time of their change, members in numbered pages.

POST /channels/ec/order/list/get                  order ids, at most 7 days, by `next_key` while `has_more`
POST /channels/ec/order/get                       one order, receiver masked
POST /channels/ec/aftersale/getaftersalelist      after-sale ids, at most 24 hours
POST /channels/ec/aftersale/getaftersaleorder     one after-sale
POST /channels/ec/vip/user/list/get               members, `page_num` from 1

Both ends of a range belong to it. The order's id is a number here and a text in the list, as in the documents.
The codes 10020001 (no such range) and 10020002 (no such order) are the sandbox's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from tests.sandbox.weixin import Answer, Refusal, page
from tests.sandbox.weixin_app import WeixinApp
from tests.sandbox.world.marketplace import Order, OrderLine, OrderRefund
from tests.sandbox.world.openids import STORE_APPID, openid
from tests.sandbox.world.systems import wechat_store as chapter

_STATUS = {"created": 10, "paid": 20, "shipped": 30, "finished": 100, "closed": 200, "cancelled": 250}
_ORDERS, _AFTER_SALES = timedelta(days=7), timedelta(hours=24)


class WeChatStore(WeixinApp):
    """One store."""

    name = "wechat_store"
    appid = STORE_APPID
    secret = "sandbox-secret-wechat-store"
    drifting = "update_time"

    def calls(self) -> Mapping[str, Callable[[Mapping[str, Any]], Answer]]:
        """What the store's own appid may call."""
        return {
            "/channels/ec/order/list/get": self._order_list,
            "/channels/ec/order/get": self._order,
            "/channels/ec/aftersale/getaftersalelist": self._after_sale_list,
            "/channels/ec/aftersale/getaftersaleorder": self._after_sale,
            "/channels/ec/vip/user/list/get": self._members,
        }

    def _orders(self) -> dict[str, Order]:
        there = [order for order in chapter.orders(self.world) if order.exists(self.clock.end)]
        return {str(chapter.order_id(order)): order for order in there}

    def _refunds(self) -> dict[str, tuple[Order, OrderRefund]]:
        return {
            str(chapter.after_sale_id(order.refund)): (order, order.refund)
            for order in self._orders().values()
            if order.refund is not None and order.refund.asked_at < self.clock.end
        }

    def _order_list(self, given: Mapping[str, Any]) -> Answer:
        kind = "update_time_range" if "update_time_range" in given else "create_time_range"
        start, end = _range(given.get(kind), "start_time", "end_time", _ORDERS)
        found = [
            name
            for name, order in self._orders().items()
            if start <= _epoch(order.modified(self.clock.end) if kind[0] == "u" else order.created_at) <= end
        ]
        return _ok(order_id_list=_page(found, given, f"orders {start} {end}"), given=given)

    def _order(self, given: Mapping[str, Any]) -> Answer:
        order = self._orders().get(str(given.get("order_id", "")))
        if order is None:
            raise Refusal(10020002, "order not found")
        row = _order_row(order, self)
        return {"errcode": 0, "errmsg": "ok", "order": self.drifted([row], "/channels/ec/order/get")[0]}

    def _after_sale_list(self, given: Mapping[str, Any]) -> Answer:
        kind = "update" if "begin_update_time" in given else "create"
        start, end = _range(given, f"begin_{kind}_time", f"end_{kind}_time", _AFTER_SALES)
        found = [
            name
            for name, (_, refund) in self._refunds().items()
            if start <= _epoch(refund.modified(self.clock.end) if kind == "update" else refund.asked_at) <= end
        ]
        return _ok(after_sale_order_id_list=_page(found, given, f"after-sales {start} {end}"), given=given)

    def _after_sale(self, given: Mapping[str, Any]) -> Answer:
        order, refund = self._refunds().get(str(given.get("after_sale_order_id", "")), (None, None))
        if order is None or refund is None:
            raise Refusal(10020002, "after sale order not found")
        row = _after_sale_row(order, refund, self)
        return {"errcode": 0, "errmsg": "ok", "after_sale_order": self.drifted([row], "getaftersaleorder")[0]}

    def _members(self, given: Mapping[str, Any]) -> Answer:
        number, size = given.get("page_num", 1), given.get("page_size", 10)
        if not isinstance(number, int) or not isinstance(size, int) or number < 1 or not 1 <= size <= 100:
            raise Refusal(47001, "data format error")
        joined = [member for member in chapter.members(self.world) if member.joined_at < self.clock.end]
        rows = [
            {
                "openid": member.openid,
                **({"union_id": member.unionid} if member.unionid else {}),
                "user_info": {"phone_number": member.phone} if given.get("need_phone_number") is True else {},
                "user_grade_info": {"grade": member.grade, "experience_value": member.experience},
            }
            for member in joined[(number - 1) * size : number * size]
        ]
        shown = self.drifted(rows, "/channels/ec/vip/user/list/get")
        return {"errcode": 0, "errmsg": "ok", "list": shown, "total_num": len(joined)}


def _range(given: Any, first: str, last: str, longest: timedelta) -> tuple[int, int]:
    """The asked seconds, both included."""
    given = given if isinstance(given, Mapping) else {}
    start, end = given.get(first), given.get(last)
    if not isinstance(start, int) or not isinstance(end, int) or end < start:
        raise Refusal(10020001, "invalid time range")
    if end - start > longest.total_seconds():
        raise Refusal(10020004, "time range exceeds limit")
    return start, end


def _page(ids: list[str], given: Mapping[str, Any], of: str) -> tuple[list[str], str]:
    size = given.get("page_size", 100)
    if not isinstance(size, int) or not 1 <= size <= 100:
        raise Refusal(47001, "data format error")
    asked = {"cursor": given.get("next_key", ""), "limit": size}
    return page(sorted(ids), asked, default=size, largest=100, of=of)


def _ok(*, given: Mapping[str, Any], **lists: tuple[list[str], str]) -> Answer:
    ((name, (ids, following)),) = lists.items()
    # The last page repeats the cursor that it was asked with.
    key = following or str(given.get("next_key", ""))
    return {"errcode": 0, "errmsg": "ok", name: ids, "next_key": key, "has_more": bool(following)}


def _epoch(at: Any) -> int:
    return int(at.timestamp())


def _who(order: Order, store: WeChatStore) -> Answer:
    person = store.world.person(order.person)
    unionid = chapter.unionid(store.world, person)
    known = {"openid": openid(store.world, STORE_APPID, order.person)}
    return {**known, "unionid": unionid} if unionid else known


def _order_row(order: Order, store: WeChatStore) -> Answer:
    end = store.clock.end
    refund = order.refund if order.refund is not None and order.refund.asked_at < end else None
    paid = order.paid_at is not None and order.paid_at < end
    finished = order.finished_at is not None and order.finished_at < end
    pay_info = {"pay_time": _epoch(order.paid_at), "transaction_id": f"42000{order.number:022d}"} if paid else {}
    scene = 2 if order.number % 3 == 0 else 1
    sharer = {"sharer_openid": f"oSharer{order.number:021d}"} if order.number % 10 == 0 else {}
    return {
        "order_id": chapter.order_id(order),
        "status": _STATUS[order.stage(end)],
        **_who(order, store),
        "create_time": _epoch(order.created_at),
        "update_time": _epoch(order.modified(end)),
        "order_detail": {
            "product_infos": [_product(line, refund, store) for line in order.lines],
            "pay_info": pay_info,
            "price_info": {
                "product_price": order.list_fen,
                "order_price": order.paid_fen,
                "freight": order.post_fen,
                "discounted_price": order.list_fen + order.post_fen - order.paid_fen,
                "original_order_price": order.list_fen + order.post_fen,
                "merchant_receieve_price": order.paid_fen,
            },
            "delivery_info": {"address_info": _receiver(order, store)},
            "ext_info": {
                "customer_notes": f"{store.world.person(order.person).name}收" if order.number % 4 == 0 else "",
                "merchant_notes": "",
                **({"confirm_receipt_time": _epoch(order.finished_at)} if finished else {}),
                **({"finder_id": "sphQuanyu", "live_id": f"live{order.number:06d}"} if scene == 2 else {}),
                "order_scene": scene,
            },
            **({"sharer_info": sharer} if sharer else {}),
        },
        "aftersale_detail": {
            "aftersale_order_list": [{"aftersale_order_id": chapter.after_sale_id(refund)}] if refund else []
        },
    }


def _product(line: OrderLine, refund: OrderRefund | None, store: WeChatStore) -> Answer:
    asked = refund is not None and refund.line.number == line.number
    stage = refund.stage(store.clock.end) if refund is not None and asked else ""
    return {
        "product_id": f"1000{line.item.item_no}",
        "sku_id": f"2000{line.item.item_no}",
        "sku_cnt": line.quantity,
        "title": line.item.title,
        "sku_code": line.item.sku,
        "sale_price": line.item.fen,
        "real_price": line.fen,
        "market_price": line.item.fen,
        "out_product_id": line.item.item_no,
        "out_sku_id": line.item.sku,
        "on_aftersale_sku_cnt": line.quantity if stage == "asked" else 0,
        "finish_aftersale_sku_cnt": line.quantity if stage == "granted" else 0,
    }


def _receiver(order: Order, store: WeChatStore) -> Answer:
    """Name, phone and address have been masked by default since 2024."""
    person = store.world.person(order.person)
    province, city, county = order.town
    return {
        "user_name": f"{person.name[0]}**",
        "tel_number": f"{person.phone[:3]}****{person.phone[-4:]}",
        "province_name": province,
        "city_name": city,
        "county_name": county,
        "detail_info": "****",
        "hash_code": store.world.code("wechat_store address", order.person, "", 32),
    }


def _after_sale_row(order: Order, refund: OrderRefund, store: WeChatStore) -> Answer:
    end = store.clock.end
    kind = "RETURN" if refund.has_goods else "REFUND"
    status = {
        "asked": "MERCHANT_PROCESSING",
        "granted": f"MERCHANT_{kind}_SUCCESS",
        "refused": f"MERCHANT_REJECT_{kind}",
    }
    return {
        "after_sale_order_id": chapter.after_sale_id(refund),
        "status": status[refund.stage(end)],
        "order_id": str(chapter.order_id(order)),
        **_who(order, store),
        "product_info": {
            "product_id": f"1000{refund.line.item.item_no}",
            "sku_id": f"2000{refund.line.item.item_no}",
            "count": refund.line.quantity,
        },
        "refund_info": {"amount": refund.fen},
        "type": kind,
        "create_time": _epoch(refund.asked_at),
        "update_time": _epoch(refund.modified(end)),
        "reason": "OTHERS",
        "reason_text": refund.reason,
    }
