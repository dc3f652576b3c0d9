"""Xiaohongshu's creators beyond the common contract: a month a call, pages by their number, what is never read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from quanyu.contracts import Window
from quanyu.errors import Retryable
from quanyu.sources.xiaohongshu_notes import SOURCE
from quanyu.sources.xiaohongshu_notes import client as xiaohongshu_notes
from tests.fixtures.reading import Reader
from tests.fixtures.source_server import says, scripted
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox

DAY = date(2026, 11, 20)
TODAY = Window.of_days(DAY, DAY)
HISTORY = Window.of_days(DAY - timedelta(days=30), DAY)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(people=60, seed=7, business_date=DAY) as sandbox:
        yield sandbox


@pytest.fixture
def reader(sandbox: Sandbox) -> Reader:
    return Reader(SOURCE, sandbox.connection("xiaohongshu_notes"))


def test_small_pages_bring_the_same_notes(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = reader.rows("notes", HISTORY)
    monkeypatch.setattr(xiaohongshu_notes, "_PAGE", 2)
    assert reader.rows("notes", HISTORY) == whole
    assert len(whole) > 2


def test_a_longer_window_is_read_a_month_at_a_time(reader: Reader) -> None:
    with scripted(says({"code": 0, "success": True, "data": {"total_page": 0}})) as server:
        reader.where = replace(reader.where, url=server.url)
        reader.rows("notes", HISTORY)
    asked = [json.loads(call.body) for call in server.calls]
    assert [(body["start_time"], body["end_time"]) for body in asked] == [
        ("2026-10-21", "2026-11-19"),
        ("2026-11-20", "2026-11-20"),
    ]


def test_who_ordered_a_note_never_leaves_the_client(reader: Reader) -> None:
    rows = reader.rows("notes", HISTORY)
    assert not {"operate_user_name", "kol_link"} & {name for row in rows for name in row}


@pytest.mark.parametrize("data", [{}, {"total_page": 2, "datas": []}], ids=["no total", "ends early"])
def test_a_broken_answer_is_not_an_empty_month(reader: Reader, data: dict[str, object]) -> None:
    with scripted(says({"code": 0, "success": True, "data": data})) as server:
        reader.where = replace(reader.where, url=server.url)
        with pytest.raises(Retryable, match=f"xiaohongshu_notes.notes {DAY} page 1"):
            reader.rows("notes", TODAY)
