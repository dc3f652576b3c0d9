"""WeChat Pay (v3): every payment and refund of a merchant, as the bill of each day tells it.

What: one row per payment and per refund, amounts in yuan as text, the payer by the openid of the appid that took the
payment. The merchant's own data (`attach`) is free text and personal.

Why a re-run is safe: each day's bill is read whole and replaces that day; it is believed when its hash is the one
announced and its lines are those that its summary counts.

    tradebill (signed, answer verified) -> download_url -> gzip, SHA1 -> rows by transaction, state, refund
    STATEMENT_CREATING -> NotReady, the night asks again; NO_STATEMENT_EXIST -> nobody paid (NotReady before 10:00)

Guesses: NO_STATEMENT_EXIST after 10:00 is a day without payments and refunds (the platform's table of codes says
"check whether there was a trade or refund on that day"); the summary counts lines of refunds too; the line of a refund
has 0.00 as its 应结订单金额.

Alone: python -m quanyu.sources.wechat_pay --date 2026-11-20
"""

from __future__ import annotations

from collections.abc import Iterator

from quanyu.contracts import Entity, Mode, Page, Personal, Source, Window
from quanyu.sources.wechat_pay.bill import COLUMNS
from quanyu.sources.wechat_pay.client import READY_AT, Merchant, connect

_ALWAYS = {
    "trade_time",
    "appid",
    "mchid",
    "transaction_id",
    "out_trade_no",
    "trade_type",
    "trade_state",
    "currency",
    "settlement_total_fee",
    "refund_id",
    "refund_fee",
}


def _trades(client: Merchant, window: Window) -> Iterator[Page]:
    return client.trades(window)


SOURCE = Source(
    name="wechat_pay",
    about=__doc__,
    connect=connect,
    entities=(
        Entity(
            name="trades",
            key=("transaction_id", "trade_state", "refund_id"),
            mode=Mode.DAILY,
            fields={name: "text" if name in _ALWAYS else "text?" for name in COLUMNS.values()},
            personal={"attach": Personal.TEXT},
            read=_trades,
            reread_days=1,
            ready_at=READY_AT,
        ),
    ),
)
