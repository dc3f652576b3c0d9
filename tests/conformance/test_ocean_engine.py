"""Ocean Engine beyond the common contract: pages, order, what leads show and what never leaves the client."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from quanyu import ocean_engine as ocean
from quanyu.contracts import Window
from quanyu.errors import NeedsPerson, QuanyuError, Rejected, Retryable, Throttled, TokenExpired
from quanyu.sources.ocean_engine import SOURCE, client
from tests.fixtures.reading import Reader
from tests.fixtures.source_server import Reply, says, scripted
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox
from tests.sandbox.world.systems import ocean_engine as chapter

DAY = date(2026, 11, 20)
TODAY = Window.of_days(DAY, DAY)
HISTORY = Window.of_days(DAY - timedelta(days=30), DAY)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(people=120, seed=7, business_date=DAY) as sandbox:
        yield sandbox


@pytest.fixture
def reader(sandbox: Sandbox) -> Reader:
    return Reader(SOURCE, sandbox.connection("ocean_engine"))


@pytest.mark.parametrize(("entity", "size"), [("promotion_report", "_REPORT_PAGE"), ("leads", "_LEADS_PAGE")])
def test_small_pages_bring_the_same_rows(
    reader: Reader, monkeypatch: pytest.MonkeyPatch, entity: str, size: str
) -> None:
    whole = reader.rows(entity, HISTORY)
    monkeypatch.setattr(client, size, 1)
    assert reader.rows(entity, HISTORY) == whole


def test_without_an_order_pages_do_not_fit_together(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves that the order is asked for with a reason: the platform sorts each page as it likes."""
    monkeypatch.setattr(client, "_REPORT_PAGE", 1)
    monkeypatch.setattr(client, "_ORDER", [])
    ids = [
        [row["dimensions"]["cdp_promotion_id"] for row in reader.rows("promotion_report", _day(n))] for n in range(9)
    ]
    assert any(len(set(found)) < len(found) for found in ids)


def test_a_lead_that_moved_a_page_on_is_read_once(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the platform files late pushes the others on by one."""
    monkeypatch.setattr(client, "_LEADS_PAGE", 2)
    lead = {"clue_id": "7", "advertiser_id": "1", "create_time_detail": f"{DAY} 10:00:00"}
    with scripted(
        _listed([lead, {**lead, "clue_id": "6"}], 3),
        _listed([{**lead, "clue_id": "6"}, {**lead, "clue_id": "5"}], 4),
    ) as server:
        reader.where = replace(reader.where, url=server.url)
        assert [row["clue_id"] for row in reader.rows("leads", TODAY)] == ["7", "6", "5"]


def test_free_answers_of_a_form_never_leave_the_client(reader: Reader) -> None:
    rows = reader.rows("leads", HISTORY)
    assert rows
    assert all("remark_dict" not in row for row in rows)


def test_conversions_of_young_days_still_grow(sandbox: Sandbox, reader: Reader) -> None:
    """Why a month is read again each night."""

    def conversions() -> int:
        return sum(int(row["metrics"]["convert_cnt"]) for row in reader.rows("promotion_report", TODAY))

    first = conversions()
    sandbox.advance_to(DAY + timedelta(days=2))
    assert conversions() > first


def test_somebody_who_left_a_number_later_follows_or_visits(sandbox: Sandbox) -> None:
    """One journey crosses the advertisement, the official account and the store."""
    world = sandbox.world
    follows = {fan.person: fan.subscribed_at for fan in world.followers}
    led = [lead for lead in chapter.leads(world) if lead.left_at.date() <= DAY]
    assert any(lead.person in follows and lead.left_at.date() <= follows[lead.person].date() for lead in led)
    assert any(lead.person in {visit.person for visit in world.visits} for lead in led)
    own = [lead for lead in led if lead.phone in world.numbers_of[lead.person]]
    assert 0.8 * len(led) < len(own)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (40105, TokenExpired),
        (40102, TokenExpired),
        (40100, Throttled),
        (40110, Throttled),
        (50000, Retryable),
        (51010, Retryable),
        (40002, NeedsPerson),
        (40001, Rejected),
    ],
)
def test_codes_say_what_to_do(code: int, expected: type[QuanyuError]) -> None:
    error = ocean.error_of({"code": code, "message": "m", "request_id": "r"})
    assert type(error) is expected
    assert str(code) in str(error)


@pytest.mark.parametrize(
    "answer",
    [
        {"message": "no code"},
        {"code": 0},
        {"code": 0, "data": {"rows": []}},
        {"code": 0, "data": {"rows": [], "page_info": {"total_number": 3}}},
    ],
    ids=["no code", "no data", "no total", "empty before the end"],
)
def test_a_broken_answer_is_not_an_empty_day(reader: Reader, answer: object) -> None:
    with scripted(says(answer)) as server:
        reader.where = replace(reader.where, url=server.url)
        with pytest.raises(Retryable, match=f"ocean_engine.promotion_report {DAY}"):
            reader.rows("promotion_report", TODAY)


def _day(ago: int) -> Window:
    return Window.of_days(DAY - timedelta(days=ago), DAY - timedelta(days=ago))


def _listed(rows: list[dict[str, str]], total: int) -> Reply:
    return says({"code": 0, "data": {"list": rows, "page_info": {"total_number": total}}})
