"""Tmall by push: a shop's trades and refunds from the database that Taobao fills in the seller's RDS (`sys_info`).

What: the same trades and refunds as source `tmall` reads from TOP, field for field, without a quota and without
paging through a list that shifts; no members. Receiver names, phones and streets are dropped here. One database may
hold several shops of an app, so rows are read for `extra.seller_nick` only, and `extra.account` must be the shop's name
in `quanyu_tmall`: staging reads both feeds as one, the newest `modified` of a trade counts once.

Why a re-run is safe: nothing is written; a row is found by when it was pushed (`jdp_modified`), so what Taobao pushes
hours late, with an old `modified`, lies in a later window instead of in a lost one.

    select pushed in [from, to) by (jdp_modified, tid), page by page -> jdp_response (JSON of trade.fullinfo.get)
    a session that breaks -> the same page again; a renamed column -> the entity is frozen

Guesses: the database is MySQL (it may be SQL Server, see `quanyu.tables`); `refund_id` is a number inside
`refund_get_response`, text in TOP's list, and lands as text. Without `tmall` beside it no members are known.

Alone: python -m quanyu.sources.tmall_push --date 2026-11-20 --entity trades
"""

from __future__ import annotations

from collections.abc import Iterator

from quanyu.contracts import Entity, Mode, Page, Source, Window
from quanyu.sources.tmall_push.client import PushDatabase, connect
from quanyu.taobao import REFUND_FIELDS, TRADE


def _trades(client: PushDatabase, window: Window) -> Iterator[Page]:
    return client.trades("tmall_push.trades", window)


def _refunds(client: PushDatabase, window: Window) -> Iterator[Page]:
    return client.refunds("tmall_push.refunds", window)


SOURCE = Source(
    name="tmall_push",
    about=__doc__,
    connect=connect,
    entities=(
        Entity(
            name="trades",
            key=("tid",),
            mode=Mode.INCREMENT,
            version="modified",
            fields=TRADE,
            read=_trades,
            reread_days=1,
        ),
        Entity(
            name="refunds",
            key=("refund_id",),
            mode=Mode.INCREMENT,
            version="modified",
            fields=REFUND_FIELDS,
            read=_refunds,
            reread_days=1,
        ),
    ),
)
