"""Where files lie, which of them are read, and what a night says of those that are missing or broken."""

from __future__ import annotations

import asyncio
import logging
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from quanyu.contracts import Connection, Window
from quanyu.errors import ConfigurationError, NeedsPerson, NotReady, Rejected, Retryable, SchemaDrift
from quanyu.local.processes import free_port
from tests.sandbox.drops import Drop
from tests.sandbox.faults import Faults
from tests.sandbox.platform import HOST, Clock
from tests.sandbox.sftp_outbox import SftpOutbox
from tests.unit.declared_kit import DAY, TODAY, Folder, declare, pages, records

YESTERDAY = DAY - timedelta(days=1)
DAYS = Window.of_days(DAY - timedelta(days=3), DAY)
DONE = {"files": "SALES_{day}_{seq}.csv", "done": "required"}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "files")


def name(day: date = DAY, seq: int | None = None, part: str = "") -> str:
    return f"SALES{f'_{part}' if part else ''}_{day:%Y%m%d}{f'_{seq}' if seq is not None else ''}.csv"


def csv_of(*ids: str) -> str:
    return "id,amount\n" + "".join(f"{id_},1\n" for id_ in ids)


def ids(read: list[dict[str, Any]]) -> list[str]:
    return [record["id"] for record in read]


# --- which files


def test_a_file_that_comes_later_is_seen_and_a_new_content_of_the_same_name_too(tmp_path: Path, folder: Folder) -> None:
    source = declare(tmp_path)
    connect: Any = source.connect
    with connect(folder.where) as client:
        with pytest.raises(NotReady, match=r"^till.rows 2026-11-20: there is no file of 20261120 yet"):
            list(source.entities[0].read(client, TODAY))
        folder.put(name(), csv_of("A"))
        assert ids(records(source.entities[0].read(client, TODAY))) == ["A"]
        folder.put(name(), csv_of("B", "C"))
        assert ids(records(source.entities[0].read(client, TODAY))) == ["B", "C"]


def test_daily_marks_each_page_with_its_day_and_a_day_before_all_files_is_an_empty_one(
    tmp_path: Path, folder: Folder
) -> None:
    for day in (YESTERDAY, DAY):
        folder.put(name(day), csv_of(f"{day:%d}"))
    found = pages(declare(tmp_path), folder.where, DAYS)
    assert [(page.day, ids(list(page.records))) for page in found] == [
        (date(2026, 11, 17), []),
        (date(2026, 11, 18), []),
        (date(2026, 11, 19), ["19"]),
        (date(2026, 11, 20), ["20"]),
    ]


def test_increments_carry_no_day(tmp_path: Path, folder: Folder) -> None:
    folder.put(name(), csv_of("A"))
    assert [page.day for page in pages(declare(tmp_path, mode="increment"), folder.where)] == [None]


@pytest.mark.parametrize("mode", ["daily", "increment"])
def test_a_hole_between_days_with_files_is_not_a_day_without_records(tmp_path: Path, folder: Folder, mode: str) -> None:
    folder.put(name(DAY - timedelta(days=2)), csv_of("A"))
    folder.put(name(), csv_of("C"))
    with pytest.raises(NotReady, match=r"^till.rows 2026-11-19: there is no file of 20261119") as error:
        pages(declare(tmp_path, mode=mode), folder.where, DAYS)
    assert "may_be_missing" in error.value.remedy


def test_days_may_be_without_a_file_where_that_is_declared(tmp_path: Path, folder: Folder) -> None:
    folder.put(name(DAY - timedelta(days=2)), csv_of("A"))
    found = pages(declare(tmp_path, may_be_missing=True), folder.where, DAYS)
    assert [(page.day, len(page.records)) for page in found if page.day and page.day.day > 17] == [
        (date(2026, 11, 18), 1),
        (YESTERDAY, 0),
        (DAY, 0),
    ]


def test_a_snapshot_is_the_file_of_the_last_day_and_never_nothing(tmp_path: Path, folder: Folder) -> None:
    source = declare(tmp_path, mode="snapshot")
    folder.put(name(YESTERDAY), csv_of("old"))
    with pytest.raises(NotReady, match="20261120"):
        pages(source, folder.where, DAYS)
    folder.put(name(), csv_of("new"))
    assert ids(folder.read(source, DAYS)) == ["new"]
    parts = declare(tmp_path, mode="snapshot", files="SALES_{part}_{day}.csv")
    with pytest.raises(NotReady, match="20261120"):
        pages(parts, folder.where, DAYS)


def test_parts_are_read_each_and_one_that_drops_nothing_was_closed(tmp_path: Path, folder: Folder) -> None:
    source = declare(tmp_path, files="SALES_{part}_{day}_{seq}.csv")
    folder.put(name(YESTERDAY, 1, "SH001"), csv_of("a"))
    folder.put(name(YESTERDAY, 1, "SH_002"), csv_of("b"))
    folder.put(name(DAY, 2, "SH001"), csv_of("d"))
    folder.put(name(DAY, 1, "SH001"), csv_of("c"))
    found = pages(source, folder.where, Window.of_days(YESTERDAY, DAY))
    assert [(page.day, ids(list(page.records))) for page in found] == [
        (YESTERDAY, ["a"]),
        (YESTERDAY, ["b"]),
        (DAY, ["c"]),
        (DAY, ["d"]),
    ]


def test_numbers_count_as_numbers_and_other_names_are_none_of_ours(tmp_path: Path, folder: Folder) -> None:
    source = declare(tmp_path, files="SALES_{day}_{seq}.csv")
    for seq in (10, 9, 2):
        folder.put(name(DAY, seq), csv_of(str(seq)))
    for other in ("SALES_20261120_1.csv.tmp", "xSALES_20261120_1.csv", "SALES_2026112_1.csv", "SALES_20261120_a.csv"):
        folder.put(other, "not ours")
    folder.put("SALES_20261120_1xcsv", "a dot is a dot")
    assert ids(folder.read(source)) == ["2", "9", "10"]


# --- .done


def test_a_file_without_its_done_is_not_ready(tmp_path: Path, folder: Folder) -> None:
    folder.put(name(DAY, 1), csv_of("A"))
    with pytest.raises(NotReady, match=r"^till.rows 2026-11-20: SALES_20261120_1.csv has no .done file yet"):
        folder.read(declare(tmp_path, **DONE))
    folder.put(name(DAY, 1), csv_of("A"), rows=1)
    assert ids(folder.read(declare(tmp_path, **DONE))) == ["A"]


@pytest.mark.parametrize(
    "said", ["", "soon", "d41d8cd98f00b204e9800998ecf8427e 12", f"{'0' * 32} x 1", "13812345678 1 1"]
)
def test_a_done_that_is_not_finished_is_not_ready(tmp_path: Path, folder: Folder, said: str) -> None:
    folder.put(name(DAY, 1), csv_of("A"))
    folder.put(f"{name(DAY, 1)}.done", said)
    with pytest.raises(NotReady, match=r"SALES_20261120_1.csv.done does not hold `md5 size rows`") as error:
        folder.read(declare(tmp_path, **DONE))
    assert "13812345678" not in str(error.value)


@pytest.mark.parametrize("mark", ["\ufeff", ""])
def test_a_done_may_be_written_by_anybody(tmp_path: Path, folder: Folder, mark: str) -> None:
    folder.put(name(DAY, 1), csv_of("A"), rows=1)
    done = folder.path / f"{name(DAY, 1)}.done"
    done.write_text(mark + done.read_text().upper().replace(" ", "\t") + "\r\n", encoding="utf-8")
    assert ids(folder.read(declare(tmp_path, **DONE))) == ["A"]


def _wrong_md5(folder: Folder) -> None:
    done = folder.path / f"{name(DAY, 1)}.done"
    done.write_text("0" * 32 + done.read_text()[32:])


def _cut(folder: Folder) -> None:
    file = folder.path / name(DAY, 1)
    file.write_bytes(file.read_bytes()[:-3])


def _more_rows(folder: Folder) -> None:
    done = folder.path / f"{name(DAY, 1)}.done"
    done.write_text(done.read_text().rpartition(" ")[0] + " 3")


def _another_column(folder: Folder) -> None:
    folder.put(name(DAY, 1), "nr,amount\nA,1\nB,1\n", rows=2)


def _bad_last_row(folder: Folder) -> None:
    folder.put(name(DAY, 1), csv_of("A", "B") + "C,about 3\n", rows=3)


BROKEN = {
    "md5": (_wrong_md5, "has md5", Rejected),
    "size": (_cut, "bytes, its .done says", Rejected),
    "rows": (_more_rows, "holds 2 rows, its .done says 3", Rejected),
    "column": (_another_column, "lacks the column id", SchemaDrift),
    "value": (_bad_last_row, "line 4: the column amount does not read as number", SchemaDrift),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_file_is_refused_by_name_until_a_later_number_replaces_it_whole(
    tmp_path: Path, folder: Folder, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    spoil, words, kind = BROKEN[how]
    source = declare(tmp_path, **DONE)
    folder.put(name(DAY, 1), csv_of("A", "B"), rows=2)
    spoil(folder)
    with pytest.raises(kind) as error:
        folder.read(source)
    assert type(error.value) is kind
    assert f"till.rows {DAY}: {name(DAY, 1)}" in str(error.value)
    assert words in error.value.message
    folder.put(name(DAY, 2), csv_of("A"), rows=1)
    with caplog.at_level(logging.WARNING):
        # Not a single row of the broken file, not even of the pages before the break.
        assert ids(folder.read(source)) == ["A"]
    assert f"{name(DAY, 2)} replaces an unusable file" in caplog.text


def test_no_page_of_a_long_file_that_breaks_at_its_end_is_believed(tmp_path: Path, folder: Folder) -> None:
    """More than a page is read before the fault shows, and a reading cannot take a page back."""
    source = declare(tmp_path, files="SALES_{day}_{seq}.csv")
    broken = csv_of(*(f"A{number}" for number in range(4_500))) + "A4500,1,2\n"
    folder.put(name(DAY, 1), broken)
    folder.put(name(DAY, 2), csv_of("B"))
    assert ids(folder.read(source)) == ["B"]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "excel", "parquet"])
def test_a_sound_file_with_a_later_number_is_read_too_in_every_format(
    tmp_path: Path, folder: Folder, kind: str
) -> None:
    import pyarrow

    from tests.unit.declared_kit import parquet_of, workbook

    for seq, id_ in enumerate("AB", 1):
        content = {
            "csv": csv_of(id_).encode(),
            "jsonl": f'{{"id": "{id_}"}}'.encode(),
            "excel": workbook(["id"], [id_]),
            "parquet": parquet_of(pyarrow.table({"id": [id_]})),
        }[kind]
        folder.put(f"SALES_{DAY:%Y%m%d}_{seq}", content, rows=1)
    source = declare(tmp_path, files="SALES_{day}_{seq}", format=kind, done="required")
    assert ids(folder.read(source)) == ["A", "B"]


# --- folders


@pytest.mark.parametrize(
    "url", ["", "files", "file://files", "file:///", "s3://", "s3://bucket", "ftp://host/x", "https://host/x"]
)
def test_what_names_no_folder_is_a_wrong_connection(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigurationError, match="quanyu_till") as error:
        pages(declare(tmp_path), Connection(name="till", url=url))
    assert "file:///folder" in error.value.remedy


def test_a_folder_that_is_missing_or_closed_needs_a_person(tmp_path: Path, folder: Folder) -> None:
    shutil.rmtree(folder.path)
    with pytest.raises(NeedsPerson, match=r"^till.rows 2026-11-20: quanyu_till: the folder cannot be read"):
        folder.read(declare(tmp_path))
    folder.path.write_text("a file")
    with pytest.raises((NeedsPerson, NotReady)):
        folder.read(declare(tmp_path))


# --- S3

KEYS = {"login": "key-of-tests", "password": "secret-of-tests"}


class Bucket:
    """A bucket behind moto's server."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client: Any = boto3.client(
            "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s"
        )
        self._client.create_bucket(Bucket="drops")

    def put(self, key: str, content: str) -> None:
        self._client.put_object(Bucket="drops", Key=key, Body=content.encode())

    def where(self, path: str = "drops/till", url: str = "") -> Connection:
        extra = {"endpoint_url": url or self.url, "region_name": "us-east-1"}
        return Connection(name="till", url=f"s3://{path}", extra=extra, **KEYS)


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    server = ThreadedMotoServer(HOST, 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield Bucket(f"http://{host}:{port}")
    server.stop()


def test_a_bucket_is_a_folder_whose_listing_is_always_fresh(tmp_path: Path, bucket: Bucket) -> None:
    source = declare(tmp_path)
    bucket.put("till/README", "")
    connect: Any = source.connect
    with connect(bucket.where()) as client:
        with pytest.raises(NotReady, match="20261120"):
            list(source.entities[0].read(client, TODAY))
        bucket.put(f"till/{name()}", csv_of("A"))
        assert ids(records(source.entities[0].read(client, TODAY))) == ["A"]
        bucket.put(f"till/{name()}", csv_of("B"))
        assert ids(records(source.entities[0].read(client, TODAY))) == ["B"]


def test_a_bucket_without_a_prefix(tmp_path: Path, bucket: Bucket) -> None:
    bucket.put(name(), csv_of("A"))
    assert ids(records(pages(declare(tmp_path), bucket.where("drops")))) == ["A"]


def test_a_bucket_that_is_missing_needs_a_person(tmp_path: Path, bucket: Bucket) -> None:
    with pytest.raises(NeedsPerson, match=r"^till.rows 2026-11-20: quanyu_till: the folder cannot be read") as error:
        pages(declare(tmp_path), bucket.where("another/till"))
    assert KEYS["password"] not in str(error.value)


def _answers(status: int, code: str) -> Any:
    from tests.fixtures.source_server import Reply, scripted

    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>secret-of-tests</Message></Error>"
    return scripted(Reply(status, body, {"content-type": "application/xml"}))


@pytest.mark.parametrize(
    ("status", "code"),
    [(403, "AccessDenied"), (403, "InvalidAccessKeyId"), (403, "SignatureDoesNotMatch"), (404, "NoSuchBucket")],
)
def test_keys_that_are_refused_need_a_person(tmp_path: Path, bucket: Bucket, status: int, code: str) -> None:
    with _answers(status, code) as server, pytest.raises(NeedsPerson) as error:
        pages(declare(tmp_path), bucket.where(url=server.url))
    assert "login and password" in error.value.remedy
    assert KEYS["password"] not in str(error.value)


@pytest.mark.timeout(300)
def test_a_bucket_that_does_not_answer_is_tried_again(tmp_path: Path, bucket: Bucket) -> None:
    waits: list[float] = []
    with pytest.raises(Retryable, match="does not answer"):
        pages(declare(tmp_path), bucket.where(url=f"http://127.0.0.1:{free_port()}"), waits=waits)
    assert len(waits) == 4


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("status", "code"), [(503, "SlowDown"), (500, "InternalError")])
def test_a_bucket_in_trouble_is_tried_again(tmp_path: Path, bucket: Bucket, status: int, code: str) -> None:
    with _answers(status, code) as server, pytest.raises(Retryable, match="does not answer"):
        pages(declare(tmp_path), bucket.where(url=server.url))


# --- SFTP


class Till(SftpOutbox):
    """An outbox whose files a test writes."""

    name = "till"

    def __init__(self) -> None:
        super().__init__(None, Faults(), Clock(DAY))  # type: ignore[arg-type]
        self.files: dict[str, Drop] = {}

    def drops(self) -> dict[str, Drop]:
        return self.files

    def put(self, file: str, *ids_: str) -> None:
        """Drop a file and its `.done`."""
        self.files[file] = Drop(file, ("id", "amount"), tuple((id_, "1") for id_ in ids_), odd="amount")

    def where(self, **fields: Any) -> Connection:
        said = self.connection(self.url)
        del said["conn_type"]
        said["extra"] = said["extra"] | fields.pop("extra", {})
        return Connection(name="till", url=said.pop("host"), **(said | fields))


@pytest.fixture
def outbox() -> Iterator[tuple[Till, Callable[[Any], None]]]:
    """The running outbox, and how to have something done in its loop."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    till = Till()

    def do(what: Any) -> None:
        asyncio.run_coroutine_threadsafe(what, loop).result(20)

    do(till.start())
    yield till, do
    do(till.stop())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


Outbox = tuple[Till, Callable[[Any], None]]


def test_an_outbox_is_a_folder_whose_listing_is_always_fresh(tmp_path: Path, outbox: Outbox) -> None:
    till, _ = outbox
    source = declare(tmp_path, **DONE)
    connect: Any = source.connect
    with connect(till.where()) as client:
        with pytest.raises(NotReady, match="20261120"):
            list(source.entities[0].read(client, TODAY))
        till.put(name(DAY, 1), "A")
        assert ids(records(source.entities[0].read(client, TODAY))) == ["A"]
        till.put(name(DAY, 2), "B")
        assert ids(records(source.entities[0].read(client, TODAY))) == ["A", "B"]
    till.put(name(DAY, 1), "C")
    assert ids(records(pages(source, till.where()))) == ["C", "B"]


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        ("no_done", NotReady, "has no .done file yet"),
        ("wrong_md5", Rejected, "has md5"),
        ("truncated", Rejected, "its .done says"),
        ("empty_file", Rejected, "not even a header"),
        ("missing_column", Rejected, ""),
        ("changed_type", SchemaDrift, "the column amount does not read as number"),
    ],
)
def test_a_broken_drop_is_refused_by_name(
    tmp_path: Path, outbox: Outbox, fault: str, kind: type[Exception], words: str
) -> None:
    till, _ = outbox
    source = declare(tmp_path, **DONE, columns={"id": "text", "amount": "number"})
    till.put(name(DAY, 1), "A")
    if fault == "missing_column":
        till.files[name(DAY, 1)] = till.files[name(DAY, 1)].without_column(1)
    else:
        till.faults.add(fault, match=name(DAY, 1))
    with pytest.raises(kind, match=rf"^till.rows 2026-11-20: {name(DAY, 1)}.*{words}"):
        pages(source, till.where())


def test_a_session_that_is_cut_is_opened_again(tmp_path: Path, outbox: Outbox) -> None:
    till, _ = outbox
    till.put(name(DAY, 1), "A")
    till.faults.add("reset", match=name(DAY, 1))
    waits: list[float] = []
    assert ids(records(pages(declare(tmp_path, **DONE), till.where(), waits=waits))) == ["A"]
    assert len(waits) == 1


def test_a_wrong_account_host_key_or_folder_needs_a_person(tmp_path: Path, outbox: Outbox) -> None:
    till, _ = outbox
    source = declare(tmp_path, **DONE)
    other = Till()._key.export_public_key("openssh").decode().strip()
    for wrong in (
        {"password": "wrong-password"},
        {"extra": {"host_key": other}},
        {"extra": {"folder": "/elsewhere"}},
    ):
        with pytest.raises(NeedsPerson, match=r"^till.rows 2026-11-20: ") as error:
            pages(source, till.where(**wrong))
        assert "wrong-password" not in str(error.value)
        assert error.value.remedy


def test_an_incomplete_connection_is_refused_before_any_call(tmp_path: Path, outbox: Outbox) -> None:
    till, _ = outbox
    for missing in ({"login": ""}, {"extra": {"host_key": ""}}, {"extra": {"host_key": "no key"}}):
        with pytest.raises(ConfigurationError):
            pages(declare(tmp_path, **DONE), till.where(**missing))
    assert till.journal == []


def test_a_server_that_is_away_is_tried_again_and_found_when_it_is_back(tmp_path: Path, outbox: Outbox) -> None:
    till, do = outbox
    till.put(name(DAY, 1), "A")
    where = till.where()
    do(till.hang_up())
    waits: list[float] = []
    with pytest.raises(Retryable, match="the session broke"):
        pages(declare(tmp_path, **DONE), where, waits=waits)
    assert len(waits) == 4
    do(till.listen())
    assert ids(records(pages(declare(tmp_path, **DONE), where))) == ["A"]
