"""Supermarkets: what their stores sold of the brand's articles, from EANCOM messages and portal CSV files on SFTP.

What: pieces and value per retailer, store, article and day. There is no customer in it, and it is never near identity.
`SLSRPT_<retailer>_<yyyymmdd>_<seq>.edi` are EANCOM SLSRPT messages (D.96A);
`SHOPSO_<retailer>_<yyyymmdd>_<seq>.csv` the export of a retailer's portal, with its Chinese headers.

Why a re-run is safe: files are only read, and one counts only when it is the one that its `.done` announces. A day is
read whole and replaces that day; the last three are read again, because retailers correct under the next number.

    list -> per day and retailer: .done (md5 size rows) -> message or sheet -> rows by retailer, store, article, day

Guesses: the headers of the portal's export (日期, 门店编码, 条码, 销售数量, 销售金额(含税)); that MOA+203 and the
portal's amount hold tax; that a message reports whole days.

Alone: python -m quanyu.sources.sell_through --date 2026-11-20
"""

from __future__ import annotations

from collections.abc import Iterator

from quanyu.contracts import Entity, Mode, Page, Source, Window
from quanyu.outbox import Outbox, connect
from quanyu.sources.sell_through.client import sales


def _sales(client: Outbox, window: Window) -> Iterator[Page]:
    return sales(client, window)


SOURCE = Source(
    name="sell_through",
    about=__doc__,
    connect=connect,
    entities=(
        Entity(
            name="sales",
            key=("retailer", "store_code", "gtin", "sold_on"),
            mode=Mode.DAILY,
            fields={
                "retailer": "text",
                "store_code": "text",
                "gtin": "text",
                "sold_on": "text",
                "quantity": "integer",
                "amount_yuan": "text",
            },
            read=_sales,
            reread_days=3,
        ),
    ),
)
