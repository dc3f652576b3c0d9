"""The text of a day's bill: a header, a line per payment or refund with a backtick before each cell, a summary."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from tests.sandbox.world.openids import MINI_APPID
from tests.sandbox.world.systems.wechat_pay import Movement

_HEADER = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注"
)
_SUMMARY = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
_RATE = Decimal("0.006")


def bill(rows: Sequence[Movement], mchid: str, *, more: str = "", is_odd: bool = False) -> bytes:
    """Write the bill of one day; `more` is a column nobody knows, `is_odd` puts words where an amount belongs."""
    lines = [_HEADER + (f",{more}" if more else "")]
    for row in rows:
        cells = [*_cells(row, mchid), *(["17"] if more else [])]
        if is_odd:
            cells[12] = "一元"
        lines.append(",".join(f"`{cell}" for cell in cells))
    paid = sum(row.fen for row in rows if not row.refund_id)
    back = sum(row.fen for row in rows if row.refund_id)
    fees = sum((_commission(row) for row in rows), Decimal())
    totals = [str(len(rows)), _yuan(paid), _yuan(back), "0.00", f"{fees:.5f}", _yuan(paid), _yuan(back)]
    lines += [_SUMMARY, ",".join(f"`{total}" for total in totals)]
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()


def _cells(row: Movement, mchid: str) -> list[str]:
    is_refund = bool(row.refund_id)
    paid, back = ("0.00", _yuan(row.fen)) if is_refund else (_yuan(row.fen), "0.00")
    return [
        f"{row.at:%Y-%m-%d %H:%M:%S}",
        MINI_APPID,
        mchid,
        "0",
        "",
        row.transaction_id,
        row.out_trade_no,
        row.openid,
        row.trade_type,
        "REFUND" if is_refund else "SUCCESS",
        "OTHERS",
        "CNY",
        paid,
        "0.00",
        row.refund_id or "0",
        f"R{row.out_trade_no}" if is_refund else "0",
        back,
        "0.00",
        "ORIGINAL" if is_refund else "",
        "SUCCESS" if is_refund else "",
        row.body,
        f"till={row.out_trade_no}" if row.trade_type == "MICROPAY" else "",
        f"{_commission(row):.5f}",
        "0.60%",
        paid,
        back,
        "",
    ]


def _commission(row: Movement) -> Decimal:
    fee = (Decimal(row.fen) / 100 * _RATE).quantize(Decimal("0.00001"))
    return -fee if row.refund_id else fee


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"
