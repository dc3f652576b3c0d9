"""What files may be called, in which folders they lie, and what is around the rows in them."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from collections.abc import Callable, Iterator
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import asyncssh
import boto3
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer

from quanyu.contracts import Connection, Window
from quanyu.declared.naming import Naming
from quanyu.errors import NeedsPerson, NotReady, QuanyuError, Rejected, SchemaDrift
from tests.unit.declared_kit import DAY, Folder, declare, pages, parquet_of, records, workbook

YESTERDAY = DAY - timedelta(days=1)
DAYS = Window.of_days(DAY - timedelta(days=3), DAY)
HOST = "127.0.0.1"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "files")


def csv_of(*ids: str) -> str:
    return "id,amount\n" + "".join(f"{id_},1\n" for id_ in ids)


def ids(read: list[dict[str, Any]]) -> list[str]:
    return [record["id"] for record in read]


# --- names


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ("", "is a name"),
        ("a//{day}.csv", "is a name"),
        ("/a/{day}.csv", "is a name"),
        ("../{day}.csv", "is a name"),
        ("{day}/", "is a name"),
        ("{day:%Y}/{day:%m}/{day:%d}.csv", "only the last folder"),
        ("{day}/all/x.csv", "only the last folder"),
        ("a{b/{day}.csv", r"knows \{day\}, \{seq\}"),
        ("{seq}/{day}.csv", r"knows \{day\} only"),
        ("x}/{day}.csv", "only the last folder"),
        ("x{day}}/{seq}.csv", r"knows \{day\}, \{seq\}"),
        ("{day}_{day}.csv", "twice"),
        ("{seq}_{seq}_{day}.csv", "twice"),
        ("{seq:%d}_{day}.csv", "only {day} has a form"),
        ("{day:}.csv", "once each"),
        ("{day:%Y%m}.csv", "once each"),
        ("{day:%Y%m%d%d}.csv", "once each"),
        ("{day:%Y-%m-%d %H}.csv", "once each"),
        ("{day:%y%m%d}.csv", "once each"),
        ("{Day}.csv", r"knows \{day\}, \{seq\} and \{part\}"),
        ("{day.csv", r"knows \{day\}, \{seq\} and \{part\}"),
    ],
)
def test_a_pattern_that_means_nothing_is_refused_with_the_reason(files: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Naming.of(files)


@pytest.mark.parametrize("form", ["", ":%Y%m%d", ":%Y-%m-%d", ":%d.%m.%Y", ":%Y年%m月%d日", ":%m%d%Y"])
@pytest.mark.parametrize("seed", range(3))
def test_a_file_is_found_on_its_day_and_on_no_other(form: str, seed: int) -> None:
    day = DAY + timedelta(days=seed * 17)
    naming = Naming.of(f"A_{{part}}_{{day{form}}}_{{seq}}.csv")
    written = f"{day:{form[1:] or '%Y%m%d'}}"
    names = {
        f"A_x_y_{written}_2.csv",
        f"A_x_y_{written}_10.csv",
        f"A_x_y_{written}_2.csv.done",
        f"A_{written}_2.csv",
        "B",
    }
    assert naming.of_day(names, day) == [
        ("x_y", 2, f"A_x_y_{written}_2.csv"),
        ("x_y", 10, f"A_x_y_{written}_10.csv"),
    ]
    assert naming.of_day(names, day + timedelta(days=1)) == []
    assert naming.days(names) == {day}


@settings(max_examples=200, deadline=None, derandomize=True)
@given(day=st.dates(date(1900, 1, 1), date(2999, 12, 31)), seq=st.integers(0, 10**6), part=st.text("ab_-.", min_size=1))
def test_what_a_pattern_writes_it_reads(day: date, seq: int, part: str) -> None:
    naming = Naming.of("in/dt={day:%Y-%m-%d}/[{part}]({seq})+.csv")
    name = f"[{part}]({seq})+.csv"
    assert naming.of_day([name], day) == [(part, seq, name)]
    assert naming.folder_of(day) == f"in/dt={day:%Y-%m-%d}"
    assert naming.days([f"dt={day:%Y-%m-%d}", "dt=x", "dt=2026-02-30"]) == {day}


def test_a_part_never_takes_a_done_file_for_data() -> None:
    names = ["A_20261120_x", "A_20261120_x.done"]
    assert [name for *_, name in Naming.of("A_{day}_{part}").of_day(names, DAY)] == ["A_20261120_x"]


# --- folders


@pytest.mark.parametrize("mode", ["daily", "increment"])
def test_a_folder_per_day_is_read_day_by_day(tmp_path: Path, folder: Folder, mode: str) -> None:
    source = declare(tmp_path, files="out/dt={day:%Y-%m-%d}/part-{part}.csv", mode=mode)
    for day, part in ((YESTERDAY, "0"), (DAY, "0"), (DAY, "1")):
        (folder.path / "out" / f"dt={day}").mkdir(parents=True, exist_ok=True)
        folder.put(f"out/dt={day}/part-{part}.csv", csv_of(f"{day:%d}-{part}"))
    (folder.path / "out" / "dt=2026-11-17").write_text("no folder, and of no day that has files")
    folder.put("out/dt=2026-11-20/_SUCCESS", "")
    found = pages(source, folder.where, Window.of_days(YESTERDAY, DAY))
    assert ids(records(found)) == ["19-0", "20-0", "20-1"]
    assert [page.day for page in found] == ([YESTERDAY, DAY, DAY] if mode == "daily" else [None] * 3)


def test_a_done_file_lies_beside_its_file_in_the_folder_of_the_day(tmp_path: Path, folder: Folder) -> None:
    source = declare(tmp_path, files="{day}/sales.csv", done="required")
    (folder.path / "20261120").mkdir()
    folder.put("20261120/sales.csv", csv_of("A"))
    with pytest.raises(NotReady, match=r"20261120/sales\.csv has no \.done"):
        folder.read(source)
    folder.put("20261120/sales.csv", csv_of("A"), rows=1)
    assert ids(folder.read(source)) == ["A"]
    folder.put("20261120/sales.csv", csv_of("A"), rows=2)
    with pytest.raises(Rejected, match=r"20261120/sales\.csv: it holds 1 rows"):
        folder.read(source)


def test_a_day_without_its_folder_is_a_day_without_a_file(tmp_path: Path, folder: Folder) -> None:
    source = declare(tmp_path, files="{day}/sales.csv")
    (folder.path / "20261119").mkdir()
    folder.put("20261119/sales.csv", csv_of("A"))
    with pytest.raises(NotReady, match=r"^till.rows 2026-11-20: there is no file of 20261120 yet"):
        folder.read(source)
    (folder.path / "20261120").mkdir()
    with pytest.raises(NotReady, match=r"there is no file of 20261120 yet"):
        folder.read(source)


def test_a_fixed_folder_that_is_missing_needs_a_person(tmp_path: Path, folder: Folder) -> None:
    folder.put("SALES_20261120.csv", csv_of("A"))
    with pytest.raises(NeedsPerson):
        folder.read(declare(tmp_path, files="nowhere/SALES_{day}.csv"))


@pytest.fixture
def bucket() -> Iterator[tuple[Any, Connection]]:
    server = ThreadedMotoServer(HOST, 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client(
        "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s"
    )
    client.create_bucket(Bucket="lake")
    extra = {"endpoint_url": url, "region_name": "us-east-1"}
    yield client, Connection(name="till", url="s3://lake/brand", login="k", password="s", extra=extra)
    server.stop()


def test_partitions_of_a_bucket_are_folders_per_day(tmp_path: Path, bucket: tuple[Any, Connection]) -> None:
    """What Spark, Hive and their like write."""
    client, where = bucket
    for day in (YESTERDAY, DAY):
        for part in range(2):
            table = pyarrow.table({"id": [f"{day:%d}-{part}"], "amount": [1.5], "more": ["x"]})
            key = f"brand/events/dt={day}/part-{part:05d}.snappy.parquet"
            client.put_object(Bucket="lake", Key=key, Body=parquet_of(table))
    client.put_object(Bucket="lake", Key=f"brand/events/dt={DAY}/_SUCCESS", Body=b"")
    source = declare(tmp_path, files="events/dt={day:%Y-%m-%d}/{part}.parquet", format="parquet", undeclared="drop")
    found = pages(source, where, Window.of_days(YESTERDAY, DAY))
    assert records(found) == [{"id": f"{day}-{part}", "amount": "1.5"} for day in (19, 20) for part in (0, 1)]


class _Door(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == ("till", "secret")


@pytest.fixture
def sftp(folder: Folder) -> Iterator[Connection]:
    """The folder behind a real SFTP server with directories."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    key = asyncssh.generate_private_key("ssh-ed25519")
    factory: Callable[[Any], Any] = lambda channel: asyncssh.SFTPServer(channel, chroot=str(folder.path))  # noqa: E731

    async def start() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(HOST, 0, server_host_keys=[key], server_factory=_Door, sftp_factory=factory)

    async def stop() -> None:
        server.close()
        await server.wait_closed()

    server = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    extra = {"host_key": key.export_public_key("openssh").decode().strip(), "folder": "/out"}
    yield Connection(
        name="till", url=f"sftp://{HOST}:{server.get_port()}", login="till", password="secret", extra=extra
    )
    asyncio.run_coroutine_threadsafe(stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


def test_folders_per_day_on_sftp(tmp_path: Path, folder: Folder, sftp: Connection) -> None:
    source = declare(tmp_path, files="{day:%Y-%m-%d}/sales.csv", done="required")
    for day in (YESTERDAY, DAY):
        (folder.path / "out" / f"{day}").mkdir(parents=True)
        folder.put(f"out/{day}/sales.csv", csv_of(f"{day:%d}"), rows=1)
    assert ids(records(pages(source, sftp, Window.of_days(YESTERDAY, DAY)))) == ["19", "20"]


# --- a state that is written again and again


def test_a_snapshot_may_be_one_file_without_a_day(tmp_path: Path, folder: Folder) -> None:
    source = declare(tmp_path, files="会员.xlsx", format="excel", mode="snapshot")
    with pytest.raises(NotReady, match=r"^till.rows 2026-11-20: there is no file"):
        folder.read(source)
    folder.put("会员.xlsx", workbook(["id", "amount"], ["A", 1]))
    assert ids(folder.read(source, DAYS)) == ["A"]
    folder.put("会员.xlsx", workbook(["id", "amount"], ["A", 1], ["B", 1]))
    assert ids(folder.read(source)) == ["A", "B"]


# --- days without a file


def test_a_day_that_is_read_again_and_lost_its_file_is_not_withdrawn(tmp_path: Path, folder: Folder) -> None:
    """A system that keeps today's file only would otherwise undo the days before, every night."""
    folder.put("SALES_20261120.csv", csv_of("A"))
    with pytest.raises(NotReady, match=r"^till.rows 2026-11-19: .* which is to be read again") as error:
        folder.read(declare(tmp_path, reread_days=1), DAYS)
    assert "keep files for 2 days" in error.value.remedy
    assert ids(folder.read(declare(tmp_path), DAYS)) == ["A"]


@pytest.mark.parametrize("since", ["2026-11-20", "2026-11-21"])
def test_files_that_began_to_come_are_read_since_then(tmp_path: Path, folder: Folder, since: str) -> None:
    source = declare(tmp_path, reread_days=3, since=since)
    if since == "2026-11-20":
        with pytest.raises(NotReady):
            folder.read(source, DAYS)
    folder.put("SALES_20261120.csv", csv_of("A"))
    assert ids(folder.read(source, DAYS)) == ["A"]


def test_an_increment_loses_nothing_with_an_old_file(tmp_path: Path, folder: Folder) -> None:
    folder.put("SALES_20261120.csv", csv_of("A"))
    assert ids(folder.read(declare(tmp_path, mode="increment", reread_days=3), DAYS)) == ["A"]


def test_the_hour_from_which_a_day_is_there_is_handed_on(tmp_path: Path) -> None:
    assert declare(tmp_path, ready_at="09:30").entities[0].ready_at == time(9, 30)
    assert declare(tmp_path).entities[0].ready_at is None


@pytest.mark.parametrize("hour", [570, "9:30", "24:00", "09:30:00"])
def test_an_hour_is_text_or_yaml_takes_it_for_a_number(tmp_path: Path, hour: object) -> None:
    with pytest.raises(QuanyuError, match="ready_at"):
        declare(tmp_path, ready_at=hour)


# --- around the rows


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl"])
def test_text_may_be_packed(tmp_path: Path, folder: Folder, kind: str) -> None:
    content = {
        "csv": csv_of("A", "编"),
        "tsv": csv_of("A", "编").replace(",", "\t"),
        "jsonl": '{"id": "A"}\n{"id": "编"}\n',
    }
    for encoding in ("utf-8", "gb18030"):
        packed = gzip.compress(content[kind].encode(encoding))
        folder.put(f"SALES_20261120.{kind}.gz", packed, rows=2)
        source = declare(tmp_path, files=f"SALES_{{day}}.{kind}.gz", format=kind, done="required")
        assert ids(folder.read(source)) == ["A", "编"]


def test_a_packed_file_that_was_corrected_is_read_whole_twice(tmp_path: Path, folder: Folder) -> None:
    source = declare(tmp_path, files="SALES_{day}_{seq}.csv.gz")
    folder.put("SALES_20261120_1.csv.gz", gzip.compress(csv_of("A", "B").encode()))
    folder.put("SALES_20261120_2.csv.gz", gzip.compress(csv_of("B").encode()))
    assert ids(folder.read(source)) == ["A", "B", "B"]


@pytest.mark.parametrize("cut", [0, 5, 20, -9, -1])
def test_a_packed_file_that_was_cut_or_is_none_is_refused(tmp_path: Path, folder: Folder, cut: int) -> None:
    source = declare(tmp_path, files="SALES_{day}.csv.gz")
    folder.put("SALES_20261120.csv.gz", gzip.compress(csv_of("A", "B").encode())[:cut])
    with pytest.raises(Rejected, match=r"SALES_20261120\.csv\.gz"):
        folder.read(source)
    folder.put("SALES_20261120.csv.gz", csv_of("A"))
    with pytest.raises(Rejected, match="no whole gzip file"):
        folder.read(source)


def test_lines_above_the_header_are_passed_over(tmp_path: Path, folder: Folder) -> None:
    folder.put("SALES_20261120.csv", 'Sales report\n"printed, 2026-11-21"\n' + csv_of("A"))
    assert ids(folder.read(declare(tmp_path, header_row=3))) == ["A"]
    folder.put("SALES_20261120.xlsx", workbook(["Sales report"], [], ["id", "amount"], ["A", 1], ["B", "x"]))
    source = declare(tmp_path, files="SALES_{day}.xlsx", format="excel", header_row=3)
    with pytest.raises(SchemaDrift, match="line 5: the column amount"):
        folder.read(source)
    with pytest.raises(Rejected, match="not even a header"):
        folder.read(declare(tmp_path, files="SALES_{day}.xlsx", format="excel", header_row=30))
    with pytest.raises(QuanyuError, match="`header_row` means nothing for jsonl"):
        declare(tmp_path, format="jsonl", header_row=2)


def test_words_that_mean_nothing_are_empty_where_that_is_declared(tmp_path: Path, folder: Folder) -> None:
    folder.put("SALES_20261120.csv", "id,amount,note\nA,NULL,NULL\nB,\\N,NULLS\n")
    columns = {"id": "text", "amount": "number?", "note": "text?"}
    source = declare(tmp_path, columns=columns, nulls=["NULL", "\\N"])
    assert [(row["amount"], row["note"]) for row in folder.read(source)] == [(None, None), (None, "NULLS")]
    with pytest.raises(SchemaDrift, match="line 3: the column amount"):
        folder.read(declare(tmp_path, columns=columns, nulls=["NULL"]))
    folder.put("SALES_20261120.csv", "id,amount\nNULL,1\n")
    with pytest.raises(SchemaDrift, match="the column id is empty"):
        folder.read(declare(tmp_path, nulls=["NULL"]))


SECRET = "11010519491231002X"


@pytest.mark.parametrize("kind", ["csv", "excel", "jsonl", "parquet"])
def test_what_nobody_declared_does_not_land_where_that_is_said(tmp_path: Path, folder: Folder, kind: str) -> None:
    """ID cards stand in many exports, and no night has a use for them."""
    content = {
        "csv": f"id,amount,身份证\nA,1,{SECRET}\n",
        "excel": workbook(["id", "amount", "身份证"], ["A", 1, SECRET]),
        "jsonl": f'{{"id": "A", "amount": 1, "身份证": "{SECRET}"}}',
        "parquet": parquet_of(pyarrow.table({"id": ["A"], "amount": [1], "身份证": [SECRET]})),
    }
    ending = {"excel": "xlsx"}.get(kind, kind)
    folder.put(f"SALES_20261120.{ending}", content[kind])
    said = {"files": f"SALES_{{day}}.{ending}", "format": kind}
    assert SECRET in str(folder.read(declare(tmp_path, **said)))
    assert folder.read(declare(tmp_path, **said, undeclared="drop")) == [{"id": "A", "amount": "1"}]


def test_of_an_object_the_declared_places_are_kept(tmp_path: Path, folder: Folder) -> None:
    columns = {"id": "text", "buyer.phone": "text?", "lines[].sku": "text?", "raw": "object?", "raw.x": "text?"}
    row = {
        "id": "A",
        "buyer": {"phone": "1", "card": "s"},
        "lines": [{"sku": "S", "gift": 1}],
        "raw": {"x": "1", "y": 2},
    }
    folder.put("E_20261120.jsonl", json.dumps(row))
    said = {"files": "E_{day}.jsonl", "format": "jsonl", "columns": columns}
    assert folder.read(declare(tmp_path, **said, undeclared="drop")) == [
        {"id": "A", "buyer": {"phone": "1"}, "lines": [{"sku": "S"}], "raw": {"x": "1", "y": 2}}
    ]


@pytest.mark.parametrize("failed", ["#N/A", "#REF!", "#DIV/0!"])
@pytest.mark.parametrize("kind", ["text", "number", "integer", "date", "boolean"])
def test_a_formula_that_failed_is_no_value(tmp_path: Path, folder: Folder, failed: str, kind: str) -> None:
    folder.put("SALES_20261120.xlsx", workbook(["id", "x"], ["A", failed]))
    said = {"files": "SALES_{day}.xlsx", "format": "excel", "columns": {"id": "text", "x": f"{kind}?"}}
    with pytest.raises(SchemaDrift, match="the column x does not read"):
        folder.read(declare(tmp_path, **said))


def test_a_code_of_which_excel_made_a_date_is_refused_with_the_remedy(tmp_path: Path, folder: Folder) -> None:
    from datetime import datetime

    folder.put("SALES_20261120.xlsx", workbook(["id"], [datetime(2026, 3, 1)]))  # noqa: DTZ001  # MAR-01 once
    source = declare(tmp_path, files="SALES_{day}.xlsx", format="excel", columns={"id": "text"})
    with pytest.raises(SchemaDrift) as error:
        folder.read(source)
    assert "made a date of a code" in error.value.remedy
