"""Supermarkets' messages and sheets: GS1's own sample, and what must not be believed."""

from __future__ import annotations

import pytest

from quanyu.errors import Rejected, SchemaDrift
from quanyu.outbox import Drop
from quanyu.sources.sell_through.client import _interchange, _portal

# GS1's sample of SLSRPT (EANCOM 2002, D.96A), within an interchange, a day instead of a week.
SAMPLE = (
    "UNB+UNOC:3+3323456007896:14+5456789000017:14+971105:0010+1'UNH+ME000001+SLSRPT:D:96A:UN:EAN004'BGM+73E::9+SDR1568+9'"
    "DTM+137:19971105:102'DTM+356:1997100419971004:718'NAD+SE+5456789000017::9'NAD+SU+3323456007896::9'CUX+2:BEF:10'"
    "LOC+162+5456789000024::9'DTM+356:1997100419971004:718'LIN+1++5412345000105:EN'MOA+203:210000'"
    "PRI+AAA:1500:CA:RTP'QTY+153:140'LIN+2++5412345000112:EN'MOA+203:-15.50'QTY+153:-1'UNT+16+ME000001'UNZ+1+1'"
)


def drop(text: str, name: str = "SLSRPT_3323456007896_19971004_1.edi") -> Drop:
    return Drop(name, text.encode("latin-1"), 0)


def test_gs1s_own_sample_is_read() -> None:
    assert list(_interchange(drop(SAMPLE))) == [
        {
            "store_code": "5456789000024",
            "gtin": "5412345000105",
            "sold_on": "1997-10-04",
            "amount_yuan": "210000",
            "quantity": 140,
        },
        {
            "store_code": "5456789000024",
            "gtin": "5412345000112",
            "sold_on": "1997-10-04",
            "amount_yuan": "-15.50",
            "quantity": -1,
        },
    ]


@pytest.mark.parametrize(
    ("old", "new", "words", "kind"),
    [
        ("QTY+153:140'", "", "lacks quantity", SchemaDrift),
        ("QTY+153:140'", "QTY+153:viele'", "no number", SchemaDrift),
        ("QTY+153:140'", "QTY+153:1.5'", "part of a piece", Rejected),
        ("LOC+162+5456789000024::9'", "", "lacks store_code", SchemaDrift),
        ("1997100419971004:718'LIN", "1997100419971010:718'LIN", "more than one day", Rejected),
        ("1997100419971004:718'LIN", "1997109919971099:718'LIN", "a day that is none", Rejected),
        ("SLSRPT:D", "INVRPT:D", "another message", Rejected),
    ],
)
def test_a_message_that_says_less_or_other_is_refused_by_name(
    old: str, new: str, words: str, kind: type[Rejected]
) -> None:
    with pytest.raises(kind, match=words) as error:
        list(_interchange(drop(SAMPLE.replace(old, new))))
    assert "SLSRPT_3323456007896_19971004_1.edi" in str(error.value)
    assert error.value.remedy


def test_what_is_no_interchange_is_refused() -> None:
    with pytest.raises(Rejected, match="no EDIFACT"):
        list(_interchange(drop("日期,门店".encode().decode("latin-1"))))


def test_a_portals_sheet_lacking_a_column_is_drift() -> None:
    content = "日期,门店编码,条码,销售数量\n2026-11-20,1,2,3\n".encode("gb18030")
    with pytest.raises(SchemaDrift, match=r"销售金额"):
        list(_portal(Drop("SHOPSO_3323456007902_20261120_1.csv", content, 1)))
