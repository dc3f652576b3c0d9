"""JD (京东): a shop's orders, the refunds of its after-sales, and its members, from JOS.

What: orders by the time of their change, with their lines and coupons; refunds by the time of their approval; every
member. Amounts are yuan as text; receivers, remarks and reasons are neither asked for nor kept. A pin is a login name
that JOS encrypts: it lands as a token, ties an order to a member, and says nothing about who somebody is.

Why a re-run is safe: an order is kept once per change (`modified`), a refund and a member as the newest load says.
Refunds carry no change time and are paid out days after their approval: a week is read again each night.

    orders, refunds: a day -> halved until a part is one answer -> rows before its end
    members: scan page by page (`scroll_id`) -> as many as announced, else an error; search ends after 10,000 members

Guesses: both ends of a window belong to it; the same buyer has the same encrypted pin everywhere; a scan's page holds
100 members. Not known: the unit of `refoundAmount`. It lands as it came, and staging takes it for yuan in one place,
the macro `jd_refund_fen`. Refunds before shipping are another API's, and are not read.

Alone: python -m quanyu.sources.jd --date 2026-11-20 --entity orders
"""

from __future__ import annotations

from quanyu.contracts import Entity, Mode, Personal, Source
from quanyu.sources.jd.client import connect
from quanyu.sources.jd.listings import after_sales, members, orders

_LINE = "itemInfoList[]"
_COUPON = "couponDetailList[]"
_BILL = "sameOrderServiceBill"

SOURCE = Source(
    name="jd",
    about=__doc__,
    connect=connect,
    entities=(
        Entity(
            name="orders",
            key=("orderId",),
            mode=Mode.INCREMENT,
            version="modified",
            fields={
                "orderId": "text",
                "venderId": "text?",
                "orderType": "text?",
                "payType": "text?",
                "orderTotalPrice": "text?",
                "orderSellerPrice": "text?",
                "orderPayment": "text",
                "freightPrice": "text?",
                "sellerDiscount": "text?",
                "balanceUsed": "text?",
                "orderState": "text",
                "orderStateRemark": "text?",
                "orderStartTime": "text",
                "paymentConfirmTime": "text?",
                "orderEndTime": "text?",
                "modified": "text",
                "pin": "text?",
                "open_id_buyer": "text?",
                "xid_buyer": "text?",
                "parentOrderId": "text?",
                "storeId": "text?",
                "menDianId": "text?",
                "itemInfoList": "array",
                f"{_LINE}.skuId": "text?",
                f"{_LINE}.outerSkuId": "text?",
                f"{_LINE}.skuName": "text?",
                f"{_LINE}.jdPrice": "text?",
                f"{_LINE}.itemTotal": "text",
                f"{_LINE}.wareId": "text?",
                f"{_LINE}.productNo": "text?",
                f"{_LINE}.giftPoint": "text?",
                "couponDetailList": "array?",
                f"{_COUPON}.orderId": "text?",
                f"{_COUPON}.skuId": "text?",
                f"{_COUPON}.couponType": "text?",
                f"{_COUPON}.couponPrice": "text?",
            },
            personal={"pin": Personal.TEXT},
            read=orders,
            reread_days=1,
        ),
        Entity(
            name="after_sales",
            key=("afsRefundId",),
            mode=Mode.INCREMENT,
            fields={
                "afsRefundId": "integer",
                "refoundAmount": "text",
                "completeTime": "integer?",
                "status": "integer",
                f"{_BILL}.serviceId": "integer",
                f"{_BILL}.afsApplyId": "integer?",
                f"{_BILL}.orderId": "integer",
                f"{_BILL}.wareId": "integer?",
                f"{_BILL}.wareName": "text?",
                f"{_BILL}.afsApplyTime": "integer?",
                f"{_BILL}.approveDate": "integer?",
                f"{_BILL}.customerPin": "text?",
            },
            personal={f"{_BILL}.customerPin": Personal.TEXT},
            read=after_sales,
            reread_days=7,
        ),
        Entity(
            name="members",
            key=("customer_pin",),
            mode=Mode.SNAPSHOT,
            fields={
                "customer_pin": "text",
                "grade": "text?",
                "trade_count": "integer?",
                "trade_amount": "text?",
                "close_trade_count": "integer?",
                "close_trade_amount": "text?",
                "item_num": "integer?",
                "avg_price": "text?",
                "last_trade_time": "integer?",
            },
            personal={"customer_pin": Personal.TEXT},
            read=members,
        ),
    ),
)
