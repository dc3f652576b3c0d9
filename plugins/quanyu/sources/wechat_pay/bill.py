"""The text of a day's bill as rows, and whether it adds up.

A header line, one line per payment or refund, a summary header, a summary line. Each cell of a line begins with a
backtick, so that no spreadsheet takes an id for a number; names of goods may hold commas.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from quanyu.contracts import Record
from quanyu.errors import Rejected, SchemaDrift

COLUMNS = {
    "交易时间": "trade_time",
    "公众账号ID": "appid",
    "商户号": "mchid",
    "特约商户号": "sub_mchid",
    "设备号": "device_info",
    "微信订单号": "transaction_id",
    "商户订单号": "out_trade_no",
    "用户标识": "openid",
    "交易类型": "trade_type",
    "交易状态": "trade_state",
    "付款银行": "bank_type",
    "货币种类": "currency",
    "应结订单金额": "settlement_total_fee",
    "代金券金额": "coupon_fee",
    "微信退款单号": "refund_id",
    "商户退款单号": "out_refund_no",
    "退款金额": "refund_fee",
    "充值券退款金额": "coupon_refund_fee",
    "退款类型": "refund_type",
    "退款状态": "refund_status",
    "商品名称": "body",
    "商户数据包": "attach",
    "手续费": "commission_fee",
    "费率": "rate",
    "订单金额": "total_fee",
    "申请退款金额": "refund_request_fee",
    "费率备注": "rate_remark",
}
_SUMMED = {"settlement_total_fee": "应结订单总金额", "refund_fee": "退款总金额"}
_COUNT = "总交易单数"
_REMEDY = "compare the bill in the merchant console; if it is right there, the platform changed its format."


def rows(text: str) -> list[Record]:
    """Every line as a record of texts; columns nobody knows keep their own name.

    Raises SchemaDrift when a column is missing or a line does not fit the header, Rejected when the lines are not
    those that the summary counts.
    """
    # Not splitlines: a name of goods may hold separators that it would cut at.
    lines = text.lstrip("\ufeff").replace("\r\n", "\n").rstrip("\n").split("\n")
    names = [COLUMNS.get(name, name) for name in lines[0].split(",")]
    if missing := [title for title, name in COLUMNS.items() if name in _NEEDED and name not in names]:
        raise SchemaDrift(f"the bill lacks the column {missing[0]}.", remedy=_REMEDY)
    end = next((number for number, line in enumerate(lines) if line.startswith(_COUNT)), len(lines))
    found = [dict(zip(names, _cells(lines, number, len(names)), strict=True)) for number in range(1, end)]
    for row in found:
        # A payment has no refund: the platform writes 0 or nothing.
        row["refund_id"] = row["refund_id"] or "0"
    _check_totals(found, lines[end:])
    return found


_NEEDED = {"transaction_id", "trade_state", "refund_id", *_SUMMED}


def _cells(lines: Sequence[str], number: int, expected: int) -> list[str]:
    cells = lines[number].removeprefix("`").split(",`")
    if len(cells) != expected:
        raise SchemaDrift(f"line {number + 1} of the bill has {len(cells)} of {expected} columns.", remedy=_REMEDY)
    return cells


def _check_totals(found: Sequence[Record], summary: Sequence[str]) -> None:
    if len(summary) != 2:
        raise Rejected("the bill has no summary at its end.", remedy=_REMEDY)
    totals = dict(zip(summary[0].split(","), _cells(summary, 1, summary[0].count(",") + 1), strict=True))
    if _amount(totals.get(_COUNT)) != len(found):
        raise Rejected(f"the bill has {len(found)} lines, its summary says {totals.get(_COUNT)}.", remedy=_REMEDY)
    for name, title in _SUMMED.items():
        added = sum((_amount(row[name]) for row in found), Decimal())
        if added != _amount(totals.get(title)):
            raise Rejected(f"{title}: the lines add up to {added}, not {totals.get(title)}.", remedy=_REMEDY)


def _amount(text: str | None) -> Decimal:
    try:
        return Decimal(text or "")
    except InvalidOperation:
        raise SchemaDrift("an amount of the bill is no number.", remedy=_REMEDY) from None
