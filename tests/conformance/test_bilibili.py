"""Bilibili beyond the common contract: the signature, figures as text, codes, a stranger's clock."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from quanyu.contracts import Window
from quanyu.errors import NeedsPerson, QuanyuError, Rejected, Retryable, Throttled, TokenExpired
from quanyu.sources.bilibili import SOURCE
from quanyu.sources.bilibili import client as bilibili
from tests.fixtures.reading import Reader
from tests.fixtures.source_server import says, scripted
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox
from tests.sandbox.world.systems.bilibili import archives

DAY = date(2026, 11, 20)
TODAY = Window.of_days(DAY, DAY)
FILE = Path(__file__).parents[1] / "fixtures" / "vectors_bilibili.json"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(people=60, seed=7, business_date=DAY) as sandbox:
        yield sandbox


@pytest.fixture
def reader(sandbox: Sandbox) -> Reader:
    return Reader(SOURCE, sandbox.connection("bilibili"))


@pytest.mark.parametrize("vector", json.loads(FILE.read_text("utf-8")), ids=lambda vector: vector["expected"][:6])
def test_a_signature_equals_the_published_one(vector: dict[str, Any]) -> None:
    given = vector["params"]["headers"]
    at = datetime.fromtimestamp(int(given["x-bili-timestamp"]), UTC)
    key, nonce, body = given["x-bili-accesskeyid"], given["x-bili-signature-nonce"], vector["params"]["body"]
    signed = bilibili.signed_headers(key, vector["secret"], nonce, at, body.encode())
    assert signed == {**given, "Authorization": vector["expected"]}


def test_small_pages_bring_the_same_archives(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = reader.rows("archives", TODAY)
    monkeypatch.setattr(bilibili, "_PAGE", 2)
    assert reader.rows("archives", TODAY) == whole
    assert len(whole) > 4


def test_figures_that_come_as_text_are_whole_numbers_all_the_same(sandbox: Sandbox, reader: Reader) -> None:
    """Half of the sandbox's videos have theirs written as text."""
    rows = reader.rows("archive_stats", TODAY)
    assert {of.number % 2 for of in archives(sandbox.world) if of.is_published(sandbox.clock.end)} == {0, 1}
    assert all(type(row[name]) is int for row in rows for name in bilibili._FIGURES)


def test_a_figure_that_is_no_number_is_handed_on_as_it_is() -> None:
    """The shape of a record is judged at landing, not bent here."""
    assert bilibili._counted({"view": "1.2万", "like": "7", "title": "12"}, ("view", "like")) == {
        "view": "1.2万",
        "like": 7,
        "title": "12",
    }


def test_only_published_videos_are_asked_for_their_figures(sandbox: Sandbox, reader: Reader) -> None:
    end = sandbox.clock.end
    waiting = replace(archives(sandbox.world)[0], resource_id="BV1waiting00", published_at=end + timedelta(hours=3))
    archives(sandbox.world).append(waiting)
    assert "BV1waiting00" in {row["resource_id"] for row in reader.rows("archives", TODAY)}
    assert "BV1waiting00" not in {row["resource_id"] for row in reader.rows("archive_stats", TODAY)}


def test_a_wrong_clock_is_refused_with_its_remedy(sandbox: Sandbox, reader: Reader) -> None:
    sandbox.clock.elapse(601)
    with pytest.raises(Rejected) as caught:
        reader.rows("user_stats", TODAY)
    assert "clock" in caught.value.remedy


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (-101, TokenExpired),
        (-658, TokenExpired),
        (-799, Throttled),
        (-509, Throttled),
        (-503, Retryable),
        (-403, NeedsPerson),
        (-400, Rejected),
        (-3, Rejected),
    ],
)
def test_codes_say_what_to_do(code: int, expected: type[QuanyuError]) -> None:
    error = bilibili.error_of({"code": code, "message": "m", "request_id": "r"})
    assert type(error) is expected
    assert error.message.startswith(f"code {code}, m")


@pytest.mark.parametrize(
    "answer", [{}, {"code": 0}, {"code": 0, "data": {"list": []}}], ids=["no code", "no data", "no total"]
)
def test_a_broken_answer_is_not_an_empty_list(reader: Reader, answer: object) -> None:
    with scripted(says(answer)) as server:
        reader.where = replace(reader.where, url=server.url)
        with pytest.raises(Retryable, match=f"bilibili.archives {DAY} page 1"):
            reader.rows("archives", TODAY)
