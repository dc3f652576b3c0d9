"""The tables of SIXUN's `hbposv` as far as the sandbox fills them, and how faults change them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from tests.sandbox.sql_platform import Shape

_ID = sa.Numeric(16, 0)
_FLOW: dict[str, Any] = {
    "flow_id": sa.Numeric(3, 0),
    "flow_no": sa.String(18),
    "branch_no": sa.String(6),
    "sell_way": sa.CHAR(1),
    "oper_date": sa.DateTime,
    "sale_man": sa.CHAR(10),
    "counter_no": sa.CHAR(4),
}
_MONEY = sa.Numeric(16, 4)
COLUMNS: dict[str, dict[str, Any]] = {
    "t_rm_saleflow": {
        "com_no": _ID,
        **_FLOW,
        "item_no": sa.String(20),
        "source_price": _MONEY,
        "sale_price": _MONEY,
        "sale_qnty": _MONEY,
        "sale_money": _MONEY,
        "in_price": _MONEY,
        "pref_amt": _MONEY,
        "posid": sa.String(4),
        "uptime": sa.DateTime,
    },
    "t_rm_payflow": {
        "com_no": _ID,
        **_FLOW,
        "pay_way": sa.String(3),
        "sale_amount": _MONEY,
        "pay_amount": _MONEY,
        "coin_no": sa.CHAR(3),
        "coin_rate": sa.Numeric(10, 4),
        "card_no": sa.String(20),
        "vip_no": sa.String(20),
        "voucher_no": sa.CHAR(18),
        "oper_id": sa.CHAR(4),
        "cashier_no": sa.CHAR(4),
        "shift_no": sa.CHAR(9),
        "memo": sa.String(40),
    },
    "t_rm_vip_acclist": {
        "flow_id": _ID,
        "card_id": sa.String(20),
        "card_no": sa.String(20),
        "branch_no": sa.CHAR(10),
        "oper_type": sa.CHAR(1),
        "ope_date": sa.DateTime,
        "flow_no": sa.String(20),
        "consum_amt": _MONEY,
        "acc_num": sa.Numeric(10, 2),
        "oper_des": sa.String(60),
    },
    "t_rm_vip_info": {
        "card_id": sa.String(20),
        "card_no": sa.String(20),
        "card_type": sa.CHAR(2),
        "vip_name": sa.String(8),
        "vip_sex": sa.CHAR(2),
        "vip_tel": sa.String(20),
        "mobile": sa.String(20),
        "vip_email": sa.String(30),
        "birthday": sa.DateTime,
        "social_id": sa.String(18),
        "branch_no": sa.String(6),
        "card_status": sa.CHAR(1),
        "vip_start_date": sa.DateTime,
        "vip_end_date": sa.DateTime,
        "acc_num": sa.Numeric(10, 2),
        "now_acc_num": sa.Numeric(10, 2),
        "modify_date": sa.DateTime,
    },
    "t_bd_item_info": {
        "item_no": sa.String(20),
        "item_subno": sa.String(15),
        "item_name": sa.String(40),
        "item_clsno": sa.String(20),
        "item_brandname": sa.String(20),
        "unit_no": sa.String(4),
        "item_size": sa.String(20),
        "sale_price": _MONEY,
        "status": sa.CHAR(1),
    },
    "t_bd_branch_info": {
        "branch_no": sa.String(6),
        "branch_name": sa.String(30),
        "branch_man": sa.String(16),
        "property": sa.CHAR(1),
        "trade_type": sa.CHAR(1),
    },
}
_RENAMED = {"sale_money", "pay_amount", "acc_num", "mobile", "item_name", "branch_name"}


def table(name: str, shape: Shape) -> sa.Table:
    """One of them, for SQLAlchemy."""
    columns = [
        sa.Column(
            _named(column, shape),
            sa.Float(53) if kind is _MONEY and "changed_type" in shape.faults else kind,
            primary_key=number == 0,
            autoincrement=False,
            index=column in {"oper_date", "ope_date"},
        )
        for number, (column, kind) in enumerate(COLUMNS[name].items())
    ]
    if "unknown_column" in shape.faults:
        columns.append(sa.Column("x_new_field", sa.String(10)))
    return sa.Table(name, sa.MetaData(), *columns, mysql_charset="gbk")


def shaped(row: Mapping[str, Any], shape: Shape) -> dict[str, Any]:
    """A row for the table as the faults left it."""
    extra = {"x_new_field": "1"} if "unknown_column" in shape.faults else {}
    return {**{_named(name, shape): value for name, value in row.items()}, **extra}


def _named(column: str, shape: Shape) -> str:
    return f"new_{column}" if "missing_column" in shape.faults and column in _RENAMED else column
