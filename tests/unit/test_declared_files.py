"""Files of each format become records of the declared types, row by row, or are refused by name and line."""

from __future__ import annotations

import csv
import io
import json
import logging
import string
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quanyu import landing
from quanyu.contracts import Record
from quanyu.errors import Rejected, SchemaDrift
from tests.unit.declared_kit import CSV, DAY, PHONE, Folder, declare, pages, parquet_of, workbook
from tests.unit.landing_kit import VAULT, rows

ENDING = {"csv": "csv", "tsv": "tsv", "excel": "xlsx", "jsonl": "jsonl", "parquet": "parquet"}


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., list[Record]]:
    """What a declared source makes of one file."""
    folder = Folder(tmp_path / "files")

    def once(content: bytes | str, **entity: Any) -> list[Record]:
        entity = CSV | entity
        entity.setdefault("files", "SALES_{day}")
        entity["files"] = f"SALES_{{day}}.{ENDING[entity['format']]}"
        folder.put(entity["files"].format(day=f"{DAY:%Y%m%d}"), content)
        return folder.read(declare(tmp_path, **entity))

    return once


Read = Callable[..., list[Record]]


def refused(read: Read, content: bytes | str, kind: type[Rejected] = Rejected, **entity: Any) -> Rejected:
    with pytest.raises(kind) as error:
        read(content, **entity)
    assert type(error.value) is kind
    assert error.value.place == f"till.rows {DAY}"
    assert f"SALES_{DAY:%Y%m%d}." in error.value.message
    assert error.value.remedy
    return error.value


# --- CSV and TSV


@pytest.mark.parametrize("encoding", [None, "utf-8", "UTF-8", "utf-8-sig"])
@pytest.mark.parametrize("written", ["utf-8", "utf-8-sig"])
def test_utf8_reads_with_and_without_its_mark_however_it_is_declared(
    read: Read, encoding: str | None, written: str
) -> None:
    if encoding == "utf-8-sig" and written == "utf-8":
        encoding = None
    columns = {"id": "text", "name": {"type": "text", "from": "姓名"}}
    content = "id,姓名\nA,张婉清\n".encode(written)
    assert read(content, encoding=encoding, columns=columns) == [{"id": "A", "name": "张婉清"}]


@pytest.mark.parametrize("encoding", [None, "gb18030", "gbk"])
def test_gb18030_reads_named_or_not(read: Read, encoding: str | None) -> None:
    columns = {"id": {"type": "text", "from": "编号"}, "name": {"type": "text", "from": "姓名"}}
    content = "编号,姓名\nA,张婉清\nB,欧阳若曦\n".encode("gb18030")
    found = read(content, encoding=encoding, columns=columns)
    assert found == [{"id": "A", "name": "张婉清"}, {"id": "B", "name": "欧阳若曦"}]


def test_utf16_reads_when_it_is_declared(read: Read) -> None:
    content = "id\tname\nA\t张\n".encode("utf-16")
    columns = {"id": "text", "name": "text"}
    assert read(content, format="tsv", encoding="utf-16", columns=columns) == [{"id": "A", "name": "张"}]


def test_a_file_in_another_encoding_than_declared_is_refused(read: Read) -> None:
    assert "not utf-8" in refused(read, "id\n张婉清\n".encode("gb18030"), encoding="utf-8").message
    assert "not utf-16" in refused(read, b"id\nA\n", encoding="utf-16-le").message


def test_utf8_that_was_cut_within_a_character_is_not_taken_for_gb18030(read: Read) -> None:
    content = ("id,amount\n" + "奶粉一段，\n" * 40).encode()[:-2]
    content.decode("gb18030", "ignore")
    assert "cut off" in refused(read, content, columns={"id": "text"}).message


def test_what_is_neither_is_refused(read: Read) -> None:
    refused(read, b"id\n\xff\xff\xff\n")


@pytest.mark.parametrize(("kind", "mark"), [("csv", ","), ("tsv", "\t")])
def test_quoted_delimiters_quotes_and_newlines_are_part_of_a_value(read: Read, kind: str, mark: str) -> None:
    text = f'id{mark}note\r\nA{mark}"one{mark} two\nthree ""four"""\r\nB{mark}\r\n'
    columns = {"id": "text", "note": "text?"}
    found = read(text, format=kind, columns=columns)
    assert found == [{"id": "A", "note": f'one{mark} two\nthree "four"'}, {"id": "B", "note": None}]


def test_another_delimiter(read: Read) -> None:
    assert read("id;amount\nA;1,234.50\n", delimiter=";") == [{"id": "A", "amount": "1234.50"}]


def test_values_are_of_the_declared_types(read: Read) -> None:
    columns = {
        "id": "text",
        "n": "integer",
        "yuan": "number",
        "day": "date",
        "at": "time",
        "ok": "boolean",
        "x": "object?",
    }
    content = (
        "id,n,yuan,day,at,ok,x\n"
        "007,1604615437261148287,0.10,2026/11/20,2026/11/20 8:05,是,\n"
        '008,-1,"1,000",20261120,2026-11-20T00:05:00Z,0,"{""a"": 1.10}"\n'
    )
    assert read(content, columns=columns) == [
        {"id": "007", "n": 1604615437261148287, "yuan": "0.10", "day": "2026-11-20", "x": None,
         "at": "2026-11-20T08:05:00+08:00", "ok": True},
        {"id": "008", "n": -1, "yuan": "1000", "day": "2026-11-20", "x": {"a": "1.10"},
         "at": "2026-11-20T08:05:00+08:00", "ok": False},
    ]  # fmt: skip


def test_undeclared_columns_are_handed_on_and_lines_without_anything_are_not(read: Read) -> None:
    assert read("id,amount,extra,\nA,1,x,\n\nB,,y,\n") == [
        {"id": "A", "amount": "1", "extra": "x"},
        {"id": "B", "amount": None, "extra": "y"},
    ]


def test_a_column_that_may_be_empty_may_be_absent(read: Read) -> None:
    assert read("id\nA\n") == [{"id": "A"}]


def test_a_file_with_only_a_header_has_no_rows(read: Read) -> None:
    assert read("id,amount\n") == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "not even a header"),
        ("\n", "not even a header"),
        ("id,id\nA,B\n", "occurs twice"),
        ("id,amount\nA\n", "line 2 has 1 of 2 columns"),
        ("id,amount\nA,1\nB,1,2\n", "line 3 has 3 of 2 columns"),
        ('id,amount\nA,"1\n', "line 2: unexpected end of data"),
        ('id,amount\nA,"1"2\n', "line 2"),
    ],
)
def test_a_broken_file_is_refused_by_line(read: Read, content: str, words: str) -> None:
    assert words in refused(read, content).message


def test_drift_names_line_and_header_and_never_the_value(read: Read) -> None:
    columns = {"id": "text", "age": {"type": "integer", "from": "年龄"}, "phone": {"personal": "phone"}}
    error = refused(read, f"id,年龄,phone\nA,3,{PHONE}\nB,{PHONE}x,{PHONE}\n", SchemaDrift, columns=columns)
    assert "line 3: the column 年龄 does not read as integer" in error.message
    assert PHONE not in str(error)
    assert (
        "line 2: the column 年龄 is empty"
        in refused(read, "id,年龄,phone\nA,,1\n", SchemaDrift, columns=columns).message
    )
    assert (
        "line 2: the column phone is empty"
        in refused(read, "id,年龄,phone\nA,3,\n", SchemaDrift, columns=columns).message
    )
    assert "line 2 lacks the column 年龄" in refused(read, "id,phone\nA,1\n", SchemaDrift, columns=columns).message


def test_a_new_header_that_is_called_like_a_declared_column_does_not_take_its_place(read: Read) -> None:
    columns = {"id": "text", "phone": {"type": "text?", "from": "手机", "personal": "phone"}}
    for header in ("id,手机,phone", "id,phone,手机"):
        error = refused(read, f"{header}\nA,{PHONE},x\n", SchemaDrift, columns=columns)
        assert "has a column phone besides 手机" in error.message
        assert PHONE not in str(error)


def test_an_order_number_that_excel_ruined_before_it_was_saved_as_csv_is_refused(read: Read) -> None:
    error = refused(read, "id,amount\n1.60462E+18,5\n", SchemaDrift)
    assert "formatted as text" in error.remedy
    assert "1.60462" not in str(error)


# --- JSON Lines


NESTED = {
    "id": "text",
    "body": "object",
    "body.price": "number",
    "body.phone": {"type": "text?", "personal": "phone"},
    "lines": "array?",
    "lines[].sku": "text",
    "lines[].price": "number?",
    "tags[]": "integer?",
}


def test_json_lines_are_nested_exact_and_may_hold_lists(read: Read) -> None:
    lines = (
        '{"id": 1604615437261148287, "body": {"price": 10.10, "share": 0.30, "phone": null}, "big": 9007199254740993,'
        ' "lines": [{"sku": "A", "price": 1.50}, {"sku": 7}], "tags": ["1", 2]}\n'
        "\n"
        '{"id": "B", "body": {"price": "12345678901234567890.12"}, "rate": 1e-7, "tags": []}'
    )
    assert read(lines, format="jsonl", columns=NESTED) == [
        {"id": "1604615437261148287", "body": {"price": "10.10", "share": "0.30", "phone": None},
         "big": 9007199254740993, "lines": [{"sku": "A", "price": "1.50"}, {"sku": "7"}], "tags": [1, 2]},
        {"id": "B", "body": {"price": "12345678901234567890.12"}, "rate": "1e-7", "tags": []},
    ]  # fmt: skip


def test_a_name_of_json_lines_is_renamed_by_from(read: Read) -> None:
    columns = {"id": {"from": "编号"}, "phone": {"type": "text?", "from": "手机", "personal": "phone"}}
    assert read('{"编号": "A", "手机": "1"}', format="jsonl", columns=columns) == [{"id": "A", "phone": "1"}]


@pytest.mark.parametrize(
    "line",
    ["[1]", "1", '{"id": NaN}', '{"id": Infinity}', '{"id": ', "words", '{"id": ' + "[" * 100_000, "\x00"],
    ids=lambda line: line[:12],
)
def test_a_line_that_is_no_object_is_refused(read: Read, line: str) -> None:
    error = refused(read, f'{{"id": "A"}}\n{line}\n', format="jsonl", columns={"id": "text"})
    assert "line 2 is no JSON object" in error.message


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"id": "A", "body": {}}', "lacks the column body.price"),
        ('{"id": "A"}', "lacks the column body"),
        ('{"id": "A", "body": 5}', "the column body does not read as object"),
        ('{"id": "A", "body": {"price": "x"}}', "the column body.price does not read as number"),
        ('{"id": "A", "body": {"price": 1}, "lines": [{}]}', "lacks the column lines[].sku"),
        ('{"id": "A", "body": {"price": 1}, "lines": [{"sku": {}}]}', "the column lines[].sku does not read as text"),
        (
            '{"id": "A", "body": {"price": 1}, "lines": [{"sku": "A"}], "tags": ["x"]}',
            "tags[] does not read as integer",
        ),
    ],
)
def test_drift_within_json_names_the_path(read: Read, line: str, words: str) -> None:
    error = refused(read, line, SchemaDrift, format="jsonl", columns=NESTED)
    assert "line 1" in error.message
    assert words in error.message


def test_an_object_that_may_be_absent_takes_its_columns_along(read: Read) -> None:
    columns = {"id": "text", "body": "object?", "body.price": "number?"}
    assert read('{"id": "A"}\n{"id": "B", "body": null}', format="jsonl", columns=columns) == [
        {"id": "A"},
        {"id": "B", "body": None},
    ]


# --- Excel


EXCEL = {"format": "excel", "columns": {"id": "text", "amount": "number?"}}


def test_cells_of_every_kind(read: Read) -> None:
    columns = {
        "id": {"from": "编号"},
        "n": "integer?",
        "yuan": "number?",
        "day": "date?",
        "at": "time?",
        "ok": "boolean?",
    }
    content = workbook(
        ["编号", "n", "yuan", "day", "at", "ok", "extra", None, "more"],
        ["007", 12, 0.1 + 0.2, date(2026, 11, 20), datetime(2026, 11, 20, 23, 59, 58), True, time(8, 5), "x", None],  # noqa: DTZ001
        [13812345678, 12.0, 19, datetime(2026, 11, 20), "2026/11/20 8:05", "否", date(2026, 11, 20), None, 0.5],  # noqa: DTZ001
        [None, None, None, None, None, None, None, "only here", None],
        [],
        ["C", "12", "1,234.50", "2026-11-20", None, None, timedelta(hours=30), None, 7],
    )
    found = read(content, format="excel", columns=columns)
    assert json.loads(json.dumps(found)) == found
    assert found == [
        {"id": "007", "n": 12, "yuan": "0.3", "day": "2026-11-20", "at": "2026-11-20T23:59:58+08:00", "ok": True,
         "extra": "08:05:00", "more": None},
        {"id": "13812345678", "n": 12, "yuan": "19", "day": "2026-11-20", "at": "2026-11-20T08:05:00+08:00",
         "ok": False, "extra": "2026-11-20T00:00:00", "more": "0.5"},
        {"id": "C", "n": 12, "yuan": "1234.50", "day": "2026-11-20", "at": None, "ok": None,
         "extra": "1 day, 6:00:00", "more": 7},
    ]  # fmt: skip


@pytest.mark.parametrize("number", [1.60462e18, 160461543726114828, 1234567890123456, 2**53 + 2])
@pytest.mark.parametrize("kind", ["text", "integer"])
def test_an_id_with_more_digits_than_excel_keeps_is_refused_with_the_remedy(
    read: Read, number: float, kind: str
) -> None:
    error = refused(read, workbook(["id"], [number]), SchemaDrift, format="excel", columns={"id": kind})
    assert "line 2: the column id does not read" in error.message
    assert "formatted as text" in error.remedy
    assert str(number)[:5] not in str(error)


def test_a_named_sheet_is_read_and_else_the_first(read: Read) -> None:
    content = workbook(["id"], ["A"], sheet="一月", before="说明")
    assert read(content, sheet="一月", **EXCEL) == [{"id": "A"}]
    assert "not even a header" in refused(read, content, **EXCEL).message
    assert "no sheet '二月'" in refused(read, content, sheet="二月", **EXCEL).message


def _without(content: bytes, part: str, instead: bytes | None = None) -> bytes:
    found = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(found, "w") as new:
        for info in old.infolist():
            if info.filename != part:
                new.writestr(info, old.read(info))
            elif instead is not None:
                new.writestr(info, instead)
    return found.getvalue()


def test_a_sheet_whose_size_its_program_wrote_down_wrong_is_read_whole(read: Read) -> None:
    """POI and many ERP exports say A1."""
    content = workbook(["id", "amount", "extra"], ["A", 1, "x"], ["B"])
    sheet = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        said = book.read(sheet)
    assert b'<dimension ref="A1:C3"' in said
    wrong = _without(content, sheet, said.replace(b'<dimension ref="A1:C3"', b'<dimension ref="A1"'))
    assert read(wrong, **EXCEL) == [
        {"id": "A", "amount": "1", "extra": "x"},
        {"id": "B", "amount": None, "extra": None},
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"id,amount\nA,1\n",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        workbook(["id"], ["A"])[:-40],
        _without(workbook(["id"], ["A"]), "xl/workbook.xml"),
        _without(workbook(["id"], ["A"]), "xl/workbook.xml", b"<a>"),
        _without(workbook(["id"], ["A"]), "xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row>"),
    ],
    ids=["empty", "csv", "xls", "cut", "without a book", "broken book", "broken sheet"],
)
def test_what_is_no_workbook_is_refused(read: Read, content: bytes) -> None:
    assert "no Excel workbook" in refused(read, content, **EXCEL).message


def test_a_header_that_occurs_twice_in_a_sheet_is_refused(read: Read) -> None:
    assert "occurs twice" in refused(read, workbook(["id", "id"], ["A", "B"]), **EXCEL).message


# --- Parquet


def test_parquet_of_every_kind(read: Read) -> None:
    moment = datetime(2026, 11, 20, 0, 5, 0, 123456, tzinfo=UTC)
    naive = moment.replace(tzinfo=None)
    table = pyarrow.table({
        "id": pyarrow.array([1604615437261148287], pyarrow.int64()),
        "yuan": pyarrow.array([Decimal("10.10")], pyarrow.decimal128(12, 2)),
        "share": pyarrow.array([0.1]),
        "day": pyarrow.array([date(2026, 11, 20)]),
        "at": pyarrow.array([moment], pyarrow.timestamp("us", "UTC")),
        "local": pyarrow.array([naive], pyarrow.timestamp("ms")),
        "nano": pyarrow.array([1795132800123456789], pyarrow.timestamp("ns", "Asia/Shanghai")),
        "ok": pyarrow.array([True]),
        "body": pyarrow.array([{"price": Decimal("1.50"), "when": naive, "tags": [1, 2]}]),
        "kind": pyarrow.array(["x"]).dictionary_encode(),
        "blob": pyarrow.array([b"\x00\xff"]),
        "gone": pyarrow.array([None], pyarrow.string()),
        "more": pyarrow.array([[("a", Decimal("2.50"))]], pyarrow.map_(pyarrow.string(), pyarrow.decimal128(9, 2))),
        "when": pyarrow.array([1795132800123456789], pyarrow.timestamp("ns")),
    })  # fmt: skip
    columns = {
        "id": "integer", "yuan": "number", "share": "number", "day": "date", "at": "time", "local": "time",
        "nano": "time", "ok": "boolean", "body": "object", "body.price": "number", "body.when": "time",
        "kind": "text", "gone": "text?",
    }  # fmt: skip
    found = read(parquet_of(table), format="parquet", columns=columns)
    assert json.loads(json.dumps(found)) == found
    assert found == [{
        "id": 1604615437261148287, "yuan": "10.10", "share": "0.1", "day": "2026-11-20",
        "at": "2026-11-20T08:05:00.123456+08:00", "local": "2026-11-20T00:05:00.123000+08:00",
        "nano": "2026-11-20T08:00:00.123456+08:00", "ok": True,
        "body": {"price": "1.50", "when": "2026-11-20T00:05:00.123456+08:00", "tags": [1, 2]},
        "kind": "x", "blob": "00ff", "gone": None, "more": [["a", "2.50"]], "when": "2026-11-20T00:00:00.123456",
    }]  # fmt: skip


def test_parquet_finds_a_column_by_its_name_even_with_a_dot(read: Read) -> None:
    columns = {"id": "text", "price": {"type": "number", "from": "价.格"}}
    table = pyarrow.table({"id": ["A"], "价.格": [Decimal("1.10")]})
    assert read(parquet_of(table), format="parquet", columns=columns) == [{"id": "A", "price": "1.10"}]


def test_a_number_that_is_none_is_refused_and_beside_the_declared_columns_it_is_text(read: Read) -> None:
    columns = {"id": "text", "n": "number?"}
    table = pyarrow.table({"id": ["A"], "n": pyarrow.array([float("nan")]), "x": pyarrow.array([float("nan")])})
    error = refused(read, parquet_of(table), SchemaDrift, format="parquet", columns=columns)
    assert "the column n does not read as number" in error.message
    assert read(parquet_of(table.drop_columns("n")), format="parquet", columns=columns) == [{"id": "A", "x": "nan"}]


@pytest.mark.parametrize("where", ["all", "middle", "end"])
def test_what_is_no_parquet_file_is_refused(read: Read, where: str) -> None:
    whole = parquet_of(pyarrow.table({"id": [str(number) for number in range(5000)]}))
    content = {
        "all": b"id,amount\nA,1\n",
        "middle": whole[:100] + b"\xff" * 3000 + whole[3100:],
        "end": whole[:-20],
    }[where]
    assert "no Parquet file" in refused(read, content, format="parquet").message


# --- what was written is what is read


_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(
    lambda text: text.strip() == text and not text.startswith("=") and "E+" not in text
)
_ROWS = st.lists(
    st.fixed_dictionaries({
        "id": _TEXT,
        "note": st.none() | _TEXT.map(lambda text: f"{text},\n\"{text}\t'"),
        "n": st.none() | st.integers(-(2**63), 2**63 - 1),
        "yuan": st.none() | st.decimals(-(10**12), 10**12, places=2),
        "day": st.none() | st.dates(date(1900, 3, 1), date(2200, 1, 1)),
        "at": st.none() | st.datetimes(datetime(1950, 1, 1), datetime(2200, 1, 1)),  # noqa: DTZ001
        "ok": st.none() | st.booleans(),
    }),
    max_size=8,
)  # fmt: skip
_COLUMNS = {
    "id": "text", "note": "text?", "n": "integer?", "yuan": "number?", "day": "date?", "at": "time?", "ok": "boolean?",
}  # fmt: skip


def _csv(written: list[Record], dialect: type[csv.Dialect], encoding: str) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(_COLUMNS), dialect=dialect)
    writer.writeheader()
    writer.writerows(written)
    return text.getvalue().encode(encoding)


def _jsonl(written: list[Record]) -> bytes:
    return "\n".join(
        json.dumps({name: value if isinstance(value, int | None) else str(value) for name, value in row.items()})
        for row in written
    ).encode()


def _parquet(written: list[Record]) -> bytes:
    kinds = [
        pyarrow.string(), pyarrow.string(), pyarrow.int64(), pyarrow.decimal128(20, 2), pyarrow.date32(),
        pyarrow.timestamp("us"), pyarrow.bool_(),
    ]  # fmt: skip
    schema = pyarrow.schema(list(zip(_COLUMNS, kinds, strict=True)))
    return parquet_of(pyarrow.Table.from_pylist(written, schema))


def _excel(written: list[Record]) -> bytes:
    """As a person keeps them: long numbers as text, amounts as numbers where 15 digits hold them."""
    cells = [
        [str(row["n"]) if name == "n" and row[name] is not None else row[name] for name in _COLUMNS] for row in written
    ]
    return workbook(list(_COLUMNS), *cells)


_WRITERS: dict[str, tuple[str, Callable[[list[Record]], bytes]]] = {
    "csv": ("csv", lambda written: _csv(written, csv.excel, "utf-8")),
    "csv with a mark": ("csv", lambda written: _csv(written, csv.unix_dialect, "utf-8-sig")),
    "tsv": ("tsv", lambda written: _csv(written, csv.excel_tab, "utf-8")),
    "jsonl": ("jsonl", _jsonl),
    "parquet": ("parquet", _parquet),
    "excel": ("excel", _excel),
}


def _equal(kind: str, found: Record, written: Record) -> None:
    at, yuan = found.pop("at"), found.pop("yuan")
    wanted = dict(written)
    wanted_at, wanted_yuan = wanted.pop("at"), wanted.pop("yuan")
    wanted["day"] = wanted["day"] and wanted["day"].isoformat()
    assert found == wanted
    assert (None if yuan is None else Decimal(yuan)) == wanted_yuan
    if wanted_at is None or at is None:
        assert at is wanted_at
    else:
        # A sheet counts days in floats: it knows the millisecond.
        off = abs(datetime.fromisoformat(at).replace(tzinfo=None) - wanted_at)
        assert off <= timedelta(milliseconds=1 if kind == "excel" else 0)


@pytest.mark.parametrize("writer", _WRITERS)
def test_rows_read_back_as_they_were_written(writer: str) -> None:
    kind, write = _WRITERS[writer]

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(_ROWS)
    def hold(written: list[Record]) -> None:
        with TemporaryDirectory() as place:
            folder = Folder(Path(place) / "files")
            folder.put(f"SALES_{DAY:%Y%m%d}", write(written))
            source = declare(Path(place), files="SALES_{day}", format=kind, columns=_COLUMNS)
            found = folder.read(source)
        assert len(found) == len(written)
        for one, other in zip(found, written, strict=True):
            _equal(kind, one, other)

    hold()


@given(st.binary(max_size=300) | st.text(string.printable, max_size=300).map(str.encode))
@pytest.mark.parametrize("kind", ENDING)
@settings(max_examples=80, deadline=None)
def test_whatever_lies_there_is_read_or_refused_in_our_words(kind: str, content: bytes) -> None:
    with TemporaryDirectory() as place:
        folder = Folder(Path(place) / "files")
        header = b"id\n" if kind in {"csv", "tsv"} else b""
        folder.put(f"SALES_{DAY:%Y%m%d}", header + content)
        source = declare(Path(place), files="SALES_{day}", format=kind, columns={"id": "text"})
        with suppress(Rejected):
            json.dumps(folder.read(source), allow_nan=False)


# --- how much is held


def _many() -> Iterator[int]:
    return iter(range(200_000))


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_two_hundred_thousand_rows_are_read_in_flat_memory(tmp_path: Path, kind: str) -> None:
    folder = Folder(tmp_path / "files")
    with (folder.path / f"SALES_{DAY:%Y%m%d}").open("w", encoding="utf-8") as file:
        if kind == "csv":
            file.write("id,amount,note\n")
            file.writelines(f"{number},{number}.50,一段奶粉与其他\n" for number in _many())
        else:
            file.writelines(f'{{"id": "{number}", "amount": {number}.50, "note": "一段奶粉"}}\n' for number in _many())
    source = declare(tmp_path, files="SALES_{day}", format=kind)
    peak, count = _peak(source, folder)
    assert count == 200_000
    # The file (5 to 9 MB) is spooled in memory up to 8 MB.
    assert peak < 20 * 2**20


@pytest.mark.parametrize("kind", ["excel", "parquet"])
def test_sheets_and_parquet_are_read_page_by_page(tmp_path: Path, kind: str) -> None:
    folder = Folder(tmp_path / "files")
    lines = [(str(number), number / 2) for number in range(20_000)]
    if kind == "excel":
        content = workbook(["id", "amount"], *lines)
    else:
        content = parquet_of(pyarrow.table(dict(zip(["id", "amount"], zip(*lines, strict=True), strict=True))))
    folder.put(f"SALES_{DAY:%Y%m%d}", content)
    peak, count = _peak(declare(tmp_path, files="SALES_{day}", format=kind), folder)
    assert count == 20_000
    assert peak < 16 * 2**20


def _peak(source: Any, folder: Folder) -> tuple[int, int]:
    from quanyu.contracts import Window

    tracemalloc.start()
    try:
        with source.connect(folder.where) as client:
            count = sum(len(page.records) for page in source.entities[0].read(client, Window.of_days(DAY, DAY)))
        return tracemalloc.get_traced_memory()[1], count
    finally:
        tracemalloc.stop()


# --- and lands


def _lines(written: Record, mark: str) -> bytes:
    return f"{mark.join(written)}\n{mark.join(map(str, written.values()))}\n".encode()


def _object(written: Record) -> bytes:
    """Amounts are numbers of JSON here."""
    members = (
        f'"{name}": {value if isinstance(value, Decimal) else json.dumps(str(value))}'
        for name, value in written.items()
    )
    return f"{{{', '.join(members)}}}".encode()


_LANDED: dict[str, Callable[[Record], bytes]] = {
    "csv": lambda written: _lines(written, ","),
    "tsv": lambda written: _lines(written, "\t"),
    "jsonl": _object,
    "excel": lambda written: workbook(list(written), list(written.values())),
    "parquet": lambda written: parquet_of(pyarrow.Table.from_pylist([written])),
}


@pytest.mark.parametrize("kind", ENDING)
def test_a_declared_file_lands_with_tokens_where_people_are(
    dsn: str, tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    columns = {
        "id": "text", "phone": {"type": "text?", "personal": "phone", "from": "手机"}, "yuan": "number", "at": "time",
    }  # fmt: skip
    written = {
        "id": "A", "手机": PHONE, "yuan": Decimal("10.10"), "at": datetime(2026, 11, 20, 8), "day": date(2026, 11, 20),  # noqa: DTZ001
        "rate": Decimal("1.50"),
    }  # fmt: skip
    content = _LANDED[kind](written)
    folder = Folder(tmp_path / "files")
    folder.put(f"SALES_{DAY:%Y%m%d}", content)
    source = declare(tmp_path, files="SALES_{day}", format=kind, columns=columns)
    landing.land(source, source.entities[0], folder.where, DAY, dsn=dsn, vault=VAULT, history_days=0)
    [(payload,)] = rows(dsn, "select payload from landing.till__rows")
    assert payload["phone"] != PHONE
    assert payload["phone"]
    assert (payload["id"], Decimal(payload["yuan"]), payload["at"]) == (
        "A",
        Decimal("10.10"),
        "2026-11-20T08:00:00+08:00",
    )
    assert Decimal(payload["rate"]) == Decimal("1.50")
    assert payload["day"].startswith("2026-11-20")
    assert PHONE not in caplog.text
    assert PHONE not in str(rows(dsn, "select * from landing.till__rows") + rows(dsn, "select * from ops.entity_load"))


def test_drift_of_a_personal_column_leaves_no_trace_of_its_value(
    dsn: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    columns = {"id": "text", "born": {"type": "date", "personal": "birthday"}}
    folder = Folder(tmp_path / "files")
    folder.put(f"SALES_{DAY:%Y%m%d}", f"id,born\nA,1990-05-01\nB,{PHONE}\n")
    source = declare(tmp_path, files="SALES_{day}", columns=columns)
    with pytest.raises(SchemaDrift) as error:
        landing.land(source, source.entities[0], folder.where, DAY, dsn=dsn, vault=VAULT, history_days=0)
    assert "line 3: the column born does not read as date" in str(error.value)
    said = str(error.value) + caplog.text + str(rows(dsn, "select * from ops.entity_load"))
    assert PHONE not in said
    assert rows(dsn, "select count(*) from landing.till__rows") == [(0,)]


def test_a_page_holds_no_more_than_two_thousand_rows(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "files")
    folder.put(f"SALES_{DAY:%Y%m%d}.csv", "id\n" + "".join(f"{number}\n" for number in range(4001)))
    assert [len(page.records) for page in pages(declare(tmp_path), folder.where)] == [2000, 2000, 1]
