"""What a trade and a refund of Taobao and Tmall hold, whichever way they come: by TOP or by the push database.

Both feeds land the same fields under the same key and change time, so that staging reads them as one. Of the receiver
only the district stays: names, phones and streets are masked, and a masked phone identifies nobody.
"""

from __future__ import annotations

TRADE_FIELDS = {
    "tid": "integer",
    "status": "text",
    "type": "text",
    "payment": "text",
    "post_fee": "text",
    "created": "text",
    "pay_time": "text?",
    "modified": "text",
    "buyer_open_uid": "text?",
    "retail_store_code": "text?",
    "receiver_state": "text?",
    "receiver_city": "text?",
    "receiver_district": "text?",
}
# TOP's `orders` asks for every field of the lines; there is no way to ask for fewer.
LINE_FIELDS = {
    "oid": "integer",
    "oid_str": "text?",
    "status": "text",
    "refund_status": "text",
    "refund_id": "integer?",
    "num_iid": "integer?",
    "sku_id": "text?",
    "outer_iid": "text?",
    "outer_sku_id": "text?",
    "title": "text?",
    "sku_properties_name": "text?",
    "num": "integer",
    "price": "text?",
    "total_fee": "text?",
    "discount_fee": "text?",
    "adjust_fee": "text?",
    "payment": "text?",
    "divide_order_fee": "text?",
    "part_mjz_discount": "text?",
    "cid": "integer?",
    "end_time": "text?",
    "consign_time": "text?",
    "store_code": "text?",
}
REFUND_FIELDS = {
    "refund_id": "text",
    "tid": "integer",
    "oid": "integer",
    "refund_fee": "text",
    "status": "text",
    "created": "text",
    "modified": "text",
    "ouid": "text?",
    "buyer_open_uid": "text?",
}

TRADE = {**TRADE_FIELDS, **{f"orders.order[].{name}": kind for name, kind in LINE_FIELDS.items()}}
"""The paths of a whole trade, lines included."""
