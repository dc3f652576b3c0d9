"""Store database: sales, tenders, points and members straight from the till system's own database (SIXUN `hbposv`).

What: of every day its item lines (t_rm_saleflow), tender lines (t_rm_payflow) and points (t_rm_vip_acclist); all
members (t_rm_vip_info), items and branches. Members' names, phones, e-mail addresses and birthdays are personal. Never
read: ID-card numbers (social_id), the number of the card that paid (payflow.card_no), notes that cashiers type.

`store` and `store_db` are two ways to the same tills. For one store switch on one of them: both together count each
sale twice. Their members are the same cards (`store_member`, scope brand), so One-ID stays right either way.

Why a re-run is safe: nothing is written. A day is read whole and replaces that day; the last three are read again,
because tills that were offline upload late. Members, items and branches are read whole.

    select of oper_date in [day, next day) by (oper_date, com_no), page by page; a table without days by its key
    a session that breaks -> the same page again; a renamed column -> the entity is frozen

Guesses: the sign of a returned line (staging takes it from sell_way: A sale, B return, C gift); change is a tender
line of its own (pay_way CHG) or negative; oper_type 1 takes points off and its magnitude is positive; payflow.vip_no
holds card_id or card_no. SIXUN runs on SQL Server, which was never tried (`quanyu.tables`); padded CHAR is trimmed.

Alone: python -m quanyu.sources.store_db --date 2026-11-20 --entity sale_lines
"""

from __future__ import annotations

from functools import partial

from quanyu.contracts import Entity, Mode, Personal, Source
from quanyu.sources.store_db.client import Kind, connect, of_each_day, whole

_SALE_LINES = Kind(
    entity="sale_lines",
    table="t_rm_saleflow",
    key="com_no",
    day="oper_date",
    columns={
        "com_no": "text",
        "flow_id": "text?",
        "flow_no": "text",
        "branch_no": "text",
        "item_no": "text",
        "source_price": "text?",
        "sale_price": "text?",
        "sale_qnty": "text",
        "sale_money": "text",
        "in_price": "text?",
        "pref_amt": "text?",
        "sell_way": "text",
        "oper_date": "text",
        "sale_man": "text?",
        "counter_no": "text?",
        "posid": "text?",
        "uptime": "text?",
    },
)
_TENDERS = Kind(
    entity="tenders",
    table="t_rm_payflow",
    key="com_no",
    day="oper_date",
    columns={
        "com_no": "text",
        "flow_id": "text?",
        "flow_no": "text",
        "branch_no": "text",
        "pay_way": "text",
        "sell_way": "text",
        "sale_amount": "text?",
        "pay_amount": "text",
        "coin_no": "text?",
        "coin_rate": "text?",
        "vip_no": "text?",
        "voucher_no": "text?",
        "oper_date": "text",
        "oper_id": "text?",
        "cashier_no": "text?",
        "sale_man": "text?",
        "counter_no": "text?",
        "shift_no": "text?",
    },
)
_POINTS = Kind(
    entity="points",
    table="t_rm_vip_acclist",
    key="flow_id",
    day="ope_date",
    columns={
        "flow_id": "text",
        "card_id": "text?",
        "card_no": "text?",
        "branch_no": "text?",
        "oper_type": "text?",
        "ope_date": "text",
        "flow_no": "text?",
        "consum_amt": "text?",
        "acc_num": "text",
    },
)
_MEMBERS = Kind(
    entity="members",
    table="t_rm_vip_info",
    key="card_id",
    columns={
        "card_id": "text",
        "card_no": "text",
        "card_type": "text?",
        "vip_name": "text?",
        "vip_sex": "text?",
        "vip_tel": "text?",
        "mobile": "text?",
        "vip_email": "text?",
        "birthday": "text?",
        "branch_no": "text?",
        "card_status": "text?",
        "vip_start_date": "text?",
        "vip_end_date": "text?",
        "acc_num": "text?",
        "now_acc_num": "text?",
        "modify_date": "text?",
    },
)
_ITEMS = Kind(
    entity="items",
    table="t_bd_item_info",
    key="item_no",
    columns={
        "item_no": "text",
        "item_subno": "text?",
        "item_name": "text",
        "item_clsno": "text?",
        "item_brandname": "text?",
        "unit_no": "text?",
        "item_size": "text?",
        "sale_price": "text?",
        "status": "text?",
    },
)
_BRANCHES = Kind(
    entity="branches",
    table="t_bd_branch_info",
    key="branch_no",
    columns={"branch_no": "text", "branch_name": "text", "property": "text?", "trade_type": "text?"},
)


_daily = partial(Entity, mode=Mode.DAILY, reread_days=3)
_snapshot = partial(Entity, mode=Mode.SNAPSHOT)

SOURCE = Source(
    name="store_db",
    about=__doc__,
    connect=connect,
    entities=(
        _daily(name="sale_lines", key=("com_no",), fields=_SALE_LINES.columns, read=of_each_day(_SALE_LINES)),
        _daily(name="tenders", key=("com_no",), fields=_TENDERS.columns, read=of_each_day(_TENDERS)),
        _daily(name="points", key=("flow_id",), fields=_POINTS.columns, read=of_each_day(_POINTS)),
        _snapshot(
            name="members",
            key=("card_id",),
            fields=_MEMBERS.columns,
            personal={
                "vip_name": Personal.NAME,
                "vip_tel": Personal.PHONE,
                "mobile": Personal.PHONE,
                "vip_email": Personal.EMAIL,
                "birthday": Personal.BIRTHDAY,
            },
            read=whole(_MEMBERS),
        ),
        _snapshot(name="items", key=("item_no",), fields=_ITEMS.columns, read=whole(_ITEMS)),
        _snapshot(name="branches", key=("branch_no",), fields=_BRANCHES.columns, read=whole(_BRANCHES)),
    ),
)
