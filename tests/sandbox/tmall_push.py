"""The push database of the Tmall shop: `sys_info` with jdp_tb_trade and jdp_tb_refund, filled by Taobao.

`changed_type` makes a number of the money inside the JSON; `missing_column` renames jdp_response.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from quanyu.contracts import SHANGHAI
from tests.sandbox import tmall_rows
from tests.sandbox.sql_platform import Rows, Shape, SqlPlatform
from tests.sandbox.top import RAW_CONTROL
from tests.sandbox.world.model import SHOP
from tests.sandbox.world.systems.tmall_push import SELLER, refunds, trades

_OTHER_SELLER, _OTHER_TID = "另一家旗舰店", 1604615437261148999
"""A shop of the same app: its trades are in the database too and are none of this shop's."""
_TRADE = (
    "tid,tid_str,status,type,payment,total_fee,post_fee,discount_fee,adjust_fee,received_payment,num,price,created,"
    "pay_time,modified,consign_time,end_time,buyer_nick,buyer_open_uid,oaid,receiver_name,receiver_mobile,"
    "receiver_state,receiver_city,receiver_district,receiver_address,seller_nick,trade_from,step_trade_status,"
    "shop_pick,retail_store_code,orders"
)
_REFUND = (
    "refund_id,tid,oid,ouid,buyer_open_uid,buyer_nick,total_fee,refund_fee,payment,status,order_status,good_status,"
    "has_good_return,reason,desc,title,num,outer_id,created,modified,refund_phase,refund_version,dispute_type"
)
_MONEY = {"payment", "refund_fee"}


class TmallPush(SqlPlatform):
    """The database of one app; a second shop of the app is in it too."""

    name: ClassVar[str] = "tmall_push"
    alternative_to: ClassVar[str] = "tmall"
    database: ClassVar[str] = "sys_info"

    def connection(self, url: str) -> dict[str, Any]:
        """The account that may read, the shop's name and its nick in the database."""
        return self.fields(url, {"account": SHOP, "seller_nick": SELLER})

    def tables(self, shape: Shape) -> list[tuple[sa.Table, Rows]]:
        """What was pushed by the evening."""
        end = datetime.combine(shape.today + timedelta(days=1), time(), SHANGHAI)
        return [
            (_table("jdp_tb_trade", "tid", shape), self._trades(end, shape)),
            (_table("jdp_tb_refund", "refund_id", shape), self._refunds(end, shape)),
        ]

    def _trades(self, end: datetime, shape: Shape) -> Rows:
        found = []
        for pushed in trades(self.world):
            if (push := pushed.at(end)) is None:
                continue
            said = tmall_rows.trade(pushed.of, _TRADE.split(","), push[0] + timedelta(microseconds=1))
            keys = {"tid": pushed.of.tid, "type": pushed.of.type}
            answer = {"trade_fullinfo_get_response": {"trade": _spoilt(said, shape)}}
            found.append(_row(keys, said, answer, (pushed.pushes[0][1], push[1]), shape))
        if found:
            other, column = max(found, key=lambda row: row["jdp_modified"]), _response(shape)
            response = other[column].replace(str(other["tid"]), str(_OTHER_TID))
            found.append({**other, "tid": _OTHER_TID, "seller_nick": _OTHER_SELLER, column: response})
        return found

    def _refunds(self, end: datetime, shape: Shape) -> Rows:
        found = []
        for pushed in refunds(self.world):
            if (push := pushed.at(end)) is None:
                continue
            at = push[0] + timedelta(microseconds=1)
            said = tmall_rows.refund(pushed.of, self.world.trade_of[pushed.of.tid], _REFUND.split(","), at)
            said["refund_id"] = int(said["refund_id"])
            keys = {"refund_id": said["refund_id"], "tid": pushed.of.tid, "oid": pushed.of.oid}
            answer = {"refund_get_response": {"refund": _spoilt(said, shape)}}
            found.append(_row(keys, said, answer, (pushed.pushes[0][1], push[1]), shape))
        return found


def _row(
    keys: Mapping[str, Any],
    said: Mapping[str, Any],
    answer: Mapping[str, Any],
    pushed_at: tuple[datetime, datetime],
    shape: Shape,
) -> dict[str, Any]:
    response = json.dumps(answer, ensure_ascii=False).replace(RAW_CONTROL, "\x0b")
    first, last = pushed_at
    return {
        **keys,
        "status": said["status"],
        "seller_nick": SELLER,
        "buyer_nick": said["buyer_nick"],
        "created": said["created"],
        "modified": said["modified"],
        "jdp_hashcode": str(hash(response) % 10**9),
        _response(shape): response,
        "jdp_created": first.replace(tzinfo=None),
        "jdp_modified": last.replace(tzinfo=None),
        **({"x_new_field": "1"} if "unknown_column" in shape.faults else {}),
    }


def _spoilt(said: Mapping[str, Any], shape: Shape) -> dict[str, Any]:
    if "changed_type" not in shape.faults:
        return dict(said)
    return {name: float(value) if name in _MONEY else value for name, value in said.items()}


def _response(shape: Shape) -> str:
    return "jdp_payload" if "missing_column" in shape.faults else "jdp_response"


def _table(name: str, key: str, shape: Shape) -> sa.Table:
    also = {"tid": ("type",), "refund_id": ("tid", "oid")}[key]
    extra = [sa.Column("x_new_field", sa.String(10))] if "unknown_column" in shape.faults else []
    return sa.Table(
        name,
        sa.MetaData(),
        sa.Column(key, sa.BigInteger, primary_key=True, autoincrement=False),
        *(sa.Column(column, sa.String(64) if column == "type" else sa.BigInteger) for column in also),
        sa.Column("status", sa.String(64)),
        sa.Column("seller_nick", sa.String(32)),
        sa.Column("buyer_nick", sa.String(32)),
        sa.Column("created", sa.DateTime),
        sa.Column("modified", sa.DateTime),
        sa.Column("jdp_hashcode", sa.String(128)),
        sa.Column(_response(shape), sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql")),
        sa.Column("jdp_created", sa.DateTime),
        sa.Column("jdp_modified", sa.DateTime, index=True),
        *extra,
        mysql_charset="utf8mb4",
    )
