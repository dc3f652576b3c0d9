"""Xiaohongshu beyond the common contract: three ways of asking for a page, and lists that are not whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from quanyu.contracts import Window
from quanyu.errors import Rejected, Retryable
from quanyu.sources.xiaohongshu import SOURCE
from quanyu.sources.xiaohongshu import client as xiaohongshu
from tests.fixtures.reading import Reader
from tests.fixtures.source_server import says, scripted
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox

DAY = date(2026, 11, 20)
TODAY = Window.of_days(DAY, DAY)
LISTS = ["campaigns", "units", "creatives"]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(people=60, seed=7, business_date=DAY) as sandbox:
        yield sandbox


@pytest.fixture
def reader(sandbox: Sandbox) -> Reader:
    return Reader(SOURCE, sandbox.connection("xiaohongshu"))


@pytest.mark.parametrize("entity", [*LISTS, "creative_report"])
def test_small_pages_bring_the_same_rows(reader: Reader, monkeypatch: pytest.MonkeyPatch, entity: str) -> None:
    whole = reader.rows(entity, TODAY)
    monkeypatch.setattr(xiaohongshu, "_LIST_PAGE", 2)
    monkeypatch.setattr(xiaohongshu, "_REPORT_PAGE", 2)
    assert reader.rows(entity, TODAY) == whole
    assert len(whole) > 2


@pytest.mark.parametrize("entity", LISTS)
def test_each_list_is_asked_in_its_own_way_and_not_in_anothers(
    sandbox: Sandbox, reader: Reader, monkeypatch: pytest.MonkeyPatch, entity: str
) -> None:
    """One API, three styles: the sandbox refuses the wrong one, as a platform would page by its default."""
    reader.rows(entity, TODAY)
    listing = next(of for of in SOURCE.entities if of.name == entity).read.args[1]  # type: ignore[attr-defined]
    other = replace(listing, has_page_object=not listing.has_page_object)
    with SOURCE.connect(reader.where, sleep=reader.waits.append) as client, pytest.raises(Rejected, match="page"):
        list(client.listed(f"xiaohongshu.{entity} {DAY}", other))


def test_the_report_belongs_to_campaigns_units_and_creatives_that_are_listed(reader: Reader) -> None:
    report = reader.rows("creative_report", Window.of_days(DAY - timedelta(days=30), DAY))
    for key, entity, name in [
        ("creativity_id", "creatives", "creativity_id"),
        ("unit_id", "units", "id"),
        ("campaign_id", "campaigns", "campaign_id"),
    ]:
        listed = {str(row[name]) for row in reader.rows(entity, TODAY)}
        assert {row[key] for row in report} <= listed


@pytest.mark.parametrize("entity", LISTS)
@pytest.mark.parametrize(
    "data", [{}, {"page": {}}, {"page": {"total_count": 3}, "total_count": 3}], ids=["none", "no total", "ends early"]
)
def test_a_list_that_is_not_whole_is_an_error_and_not_a_wave_of_deletions(
    reader: Reader, entity: str, data: dict[str, object]
) -> None:
    with scripted(says({"code": 0, "success": True, "data": data})) as server:
        reader.where = replace(reader.where, url=server.url)
        with pytest.raises(Retryable, match=f"xiaohongshu.{entity} {DAY} page 1"):
            reader.rows(entity, TODAY)


def test_the_advertiser_is_named_in_every_call(reader: Reader) -> None:
    whole = {"code": 0, "success": True, "data": {"page": {"total_count": 0}, "total_count": 0}}
    with scripted(says(whole)) as server:
        reader.where = replace(reader.where, url=server.url)
        for entity in [*LISTS, "creative_report"]:
            reader.rows(entity, TODAY)
    assert [json.loads(call.body)["advertiser_id"] for call in server.calls] == [reader.where.account] * 4
