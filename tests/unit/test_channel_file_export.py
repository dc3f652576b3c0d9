"""What lies in the folder after a batch, after a lost answer, and in a cell that a spreadsheet could compute."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanyu.channels.file_export import CHANNEL, as_csv
from quanyu.contracts import Connection, Message, Verdict
from quanyu.errors import ConfigurationError, DeliveryUnknown, Retryable
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox

NAME = "quanyu_20261121_batch-1"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(people=5) as running:
        yield running


def messages(count: int, **params: str) -> list[Message]:
    return [
        Message(
            key=f"key-{number}",
            address=f"person-{number}",
            template="{gift}等您来取",
            params={"gift": "好茶", **params},
            sent_on=date(2026, 11, 21),
        )
        for number in range(count)
    ]


def rows_of(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf"), "Excel takes it for UTF-8"
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def meant(cell: str) -> str:
    """What a reader is told to do."""
    return cell.removeprefix("'")


def test_a_batch_is_one_file_and_its_manifest(tmp_path: Path) -> None:
    with CHANNEL.connect(Connection(name="file_export", url=tmp_path.as_uri())) as client:
        receipts = client.send("batch-1", messages(3, phone="+8613800000000", city=""))
    assert [receipt.verdict for receipt in receipts] == [Verdict.DELIVERED] * 3
    assert {receipt.provider_id for receipt in receipts} == {f"{NAME}.csv"}
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{NAME}.csv", f"{NAME}.json"]
    content = (tmp_path / f"{NAME}.csv").read_bytes()
    manifest = json.loads((tmp_path / f"{NAME}.json").read_text(encoding="utf-8"))
    columns = ["message_key", "one_id", "text", "city", "gift", "phone"]
    assert manifest == {
        "file": f"{NAME}.csv",
        "rows": 3,
        "sha256": hashlib.sha256(content).hexdigest(),
        "columns": columns,
    }
    rows = rows_of(content)
    assert list(rows[0]) == columns
    assert rows[1] == {
        "message_key": "key-1",
        "one_id": "person-1",
        "text": "好茶等您来取",
        "city": "",
        "gift": "好茶",
        "phone": "'+8613800000000",
    }


def test_a_repeat_writes_the_same_files(tmp_path: Path) -> None:
    with CHANNEL.connect(Connection(name="file_export", url=tmp_path.as_uri())) as client:
        client.send("batch-1", messages(3))
        before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
        client.send("batch-1", messages(3))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_manifest_comes_last_so_that_half_a_list_is_never_read(sandbox: Sandbox) -> None:
    sandbox.fault("file_export", "reply_lost", match="PUT", times=2)
    with CHANNEL.connect(sandbox.connection("file_export")) as client:
        with pytest.raises(DeliveryUnknown):
            client.send("batch-1", messages(3))
        assert sandbox.deliveries("file_export") == []
        client.send("batch-1", messages(3))
        client.send("batch-1", messages(3))
    assert [row["recipient"] for row in sandbox.deliveries("file_export")] == ["person-0", "person-1", "person-2"]


def test_a_folder_out_of_reach_got_nothing(sandbox: Sandbox) -> None:
    sandbox.fault("file_export", "down")
    with CHANNEL.connect(sandbox.connection("file_export")) as client, pytest.raises(Retryable):
        client.send("batch-1", messages(3))


def test_a_refusal_of_the_manifest_leaves_the_list_in_doubt(sandbox: Sandbox) -> None:
    sandbox.fault("file_export", "throttle", match="PUT", after=1)
    with CHANNEL.connect(sandbox.connection("file_export")) as client, pytest.raises(DeliveryUnknown):
        client.send("batch-1", messages(3))


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+8613800000000", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1+1", "＋1", "'quoted", '=HYPERLINK("x")'],
)
def test_a_cell_that_could_be_computed_is_text_and_can_be_taken_back(cell: str) -> None:
    (row,) = rows_of(as_csv(["cell"], [[cell]]))
    assert row["cell"] == f"'{cell}"
    assert meant(row["cell"]) == cell


@pytest.mark.parametrize("cell", ["", "好茶", "13800000000", 'say "hi"', "a,b", "line\nbreak", "1-2", "a=b"])
def test_every_other_cell_stays_as_it_is(cell: str) -> None:
    (row,) = rows_of(as_csv(["cell"], [[cell]]))
    assert row["cell"] == cell


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1, max_size=5))
def test_whatever_is_in_a_cell_comes_back_and_begins_no_formula(cells: list[str]) -> None:
    columns = [f"c{number}" for number in range(len(cells))]
    (row,) = rows_of(as_csv([*columns, "last"], [[*cells, "x"]]))
    assert [meant(row[column]) for column in columns] == cells
    assert not [cell for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]


def test_a_connection_without_a_folder_is_named() -> None:
    where = Connection(name="file_export", url="https://brand.example")
    with pytest.raises(ConfigurationError, match="quanyu_file_export"), CHANNEL.connect(where):
        pass
