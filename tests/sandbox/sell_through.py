"""The supermarkets' outbox: EANCOM SLSRPT messages of one retailer, the portal's CSV of another, a file a day each.

The message is shaped after GS1's own sample: LOC+162 the store, LIN the article, QTY+153 the quantity, MOA+203 the
value, DTM+356 with qualifier 718 the period from-to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import ClassVar

from tests.sandbox.drops import Drop
from tests.sandbox.sftp_outbox import SftpOutbox
from tests.sandbox.world.facts import yuan
from tests.sandbox.world.systems import sell_through
from tests.sandbox.world.systems.sell_through import StoreSale

_CSV = ("日期", "门店编码", "门店名称", "条码", "商品名称", "销售数量", "销售金额(含税)", "库存数量")
_SUPPLIER = "5456789000017"


@dataclass(frozen=True, slots=True)
class Interchange(Drop):
    """An EDIFACT interchange of one SLSRPT message; `rows` are (store, gtin, quantity, value in yuan)."""

    day: date = date.min
    number: int = 1

    def data(self) -> bytes:
        """The segments, in the character set UNOC."""
        period = f"{self.day:%Y%m%d}{self.day:%Y%m%d}"
        segments = [
            f"BGM+73E::9+S{self.number}+9",
            f"DTM+137:{self.day:%Y%m%d}:102",
            f"DTM+356:{period}:718",
            f"NAD+SE+{_SUPPLIER}::9",
            f"NAD+SU+{sell_through.EDI_RETAILER}::9",
            "CUX+2:CNY:10",
        ]
        for store, lines in groupby(self.rows, key=lambda row: row[0]):
            segments += [f"LOC+162+{store}::9", f"DTM+356:{period}:718"]
            for position, (_, gtin, quantity, value) in enumerate(lines, 1):
                segments += [f"LIN+{position}++{gtin}:EN", f"MOA+203:{value}", f"QTY+153:{quantity}"]
        head, tail = f"UNH+ME{self.number:06d}+SLSRPT:D:96A:UN:EAN004", f"UNT+{len(segments) + 2}+ME{self.number:06d}"
        around = f"UNB+UNOC:3+{sell_through.EDI_RETAILER}:14+{_SUPPLIER}:14+{self.day:%y%m%d}:0010+{self.number}"
        return "".join(f"{one}'" for one in (around, head, *segments, tail, f"UNZ+1+{self.number}")).encode("latin-1")

    def with_odd_values(self) -> Interchange:
        """Quantities that are no numbers."""
        return replace(self, rows=tuple((store, gtin, "x", value) for store, gtin, _, value in self.rows))


class SellThrough(SftpOutbox):
    """One SFTP account for both retailers."""

    name: ClassVar[str] = "sell_through"

    def written(self, today: date) -> dict[str, Drop]:
        """Two files a day."""
        found: dict[str, Drop] = {}
        for number, (day, of_day) in enumerate(groupby(self.world.chapter(sell_through.sales), lambda one: one.day), 1):
            if day > today:
                break
            for retailer, some in groupby(of_day, key=lambda one: one.retailer):
                sales = list(some)
                is_edi = retailer == sell_through.EDI_RETAILER
                drop = _interchange(sales, day, number) if is_edi else _portal(sales, day)
                found[drop.name] = drop
        return found


def _interchange(sales: list[StoreSale], day: date, number: int) -> Interchange:
    rows = tuple((one.store, one.gtin, str(one.quantity), yuan(one.fen)) for one in sales)
    name = f"SLSRPT_{sell_through.EDI_RETAILER}_{day:%Y%m%d}_1.edi"
    return Interchange(name, ("store", "gtin", "quantity", "value"), rows, day=day, number=number)


def _portal(sales: list[StoreSale], day: date) -> Drop:
    rows = tuple(
        (day.isoformat(), one.store, "示例超市", one.gtin, "全域", str(one.quantity), yuan(one.fen), "24")
        for one in sales
    )
    return Drop(f"SHOPSO_{sell_through.CSV_RETAILER}_{day:%Y%m%d}_1.csv", _CSV, rows, "gb18030", "销售数量")
