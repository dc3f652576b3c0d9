"""The video channel beyond the common contract: pages by buffer, leads that are nothing but a phone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from quanyu.contracts import Entity, Page, Record, Window
from quanyu.errors import Retryable
from quanyu.landing.drift import Shape
from quanyu.sources.video_channel import SOURCE
from quanyu.vault import Vault
from tests.fixtures.source_server import Reply, says, scripted
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox
from tests.sandbox.world.systems import video_channel as chapter

DAY = date(2026, 11, 20)
TODAY = Window.of_days(DAY, DAY)
HISTORY = Window.of_days(DAY - timedelta(days=30), DAY)
ENTITIES = {entity.name: entity for entity in SOURCE.entities}
TOKEN = says({"access_token": "scripted-token", "expires_in": 7200})


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(people=60, seed=11, business_date=DAY) as running:
        yield running


def pages(sandbox: Sandbox, entity: Entity, window: Window = HISTORY, url: str = "") -> list[Page]:
    where = sandbox.connection(SOURCE.name)
    with SOURCE.connect(replace(where, url=url or where.url), sleep=lambda _: None) as client:
        return list(entity.read(client, window))


def rows(sandbox: Sandbox, entity: Entity, window: Window = HISTORY, url: str = "") -> list[Record]:
    return [row for page in pages(sandbox, entity, window, url) for row in page.records]


@pytest.mark.parametrize("entity", SOURCE.entities, ids=lambda entity: entity.name)
def test_small_pages_bring_the_same_rows(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, entity: Entity) -> None:
    whole = pages(sandbox, entity)
    monkeypatch.setattr(sandbox.platforms["video_channel"], "page_size", 1)
    assert pages(sandbox, entity) == whole


def test_a_lead_is_kept_under_tokens_only(sandbox: Sandbox) -> None:
    """Its phone is the only thing that tells it from others, and a key is not a place for a phone."""
    vault = Vault(bytes(range(32)))
    for name in ("leads", "live_leads"):
        shape = Shape(ENTITIES[name])
        found = rows(sandbox, ENTITIES[name])
        assert found
        clean = [shape.tokenised(row, lambda kind, value: vault.tokenise(kind, value).token) for row in found]
        keys = [shape.key(row) for row in clean]
        assert len(set(keys)) == len(found)
        for lead in chapter.leads(sandbox.world):
            assert lead.phone not in str(clean) + str(keys)


def test_a_phone_left_twice_on_a_day_is_one_lead_and_on_two_days_two(sandbox: Sandbox) -> None:
    twice = says({"user_data": [{"phone": "13900000001"}, {"phone": "13900000001"}], "continue_flag": False})
    forms = says({"item": [{"leads_component_id": "c"}], "continue_flag": False})
    with scripted(TOKEN, forms, twice) as server:
        two = Window.of_days(DAY - timedelta(days=1), DAY)
        found = rows(sandbox, ENTITIES["leads"], two, server.url)
    assert [row["day"] for row in found] == ["2026-11-19", "2026-11-20"]


def test_both_ways_to_leads_tell_of_the_same_people(sandbox: Sandbox) -> None:
    """By form and day, and by form and session: one is dated, the other says in which session."""
    by_day = {(row["component_id"], row["phone"]) for row in rows(sandbox, ENTITIES["leads"])}
    by_session = {(row["component_id"], row["phone"]) for row in rows(sandbox, ENTITIES["live_leads"])}
    assert by_day == by_session


def test_nobody_asks_who_the_anchor_was(sandbox: Sandbox) -> None:
    assert "anchor" not in str(rows(sandbox, ENTITIES["promotions"]))


def test_the_shops_day_is_what_its_orders_were_paid(sandbox: Sandbox) -> None:
    """The compass and the store's own orders are two views of one thing."""
    from tests.sandbox.world.systems import wechat_store

    told = sum(int(row["pay_gmv"]) for row in rows(sandbox, ENTITIES["shop_days"]))
    paid = [o for o in wechat_store.orders(sandbox.world) if o.paid_at and HISTORY.start <= o.paid_at < HISTORY.end]
    assert told == sum(order.paid_fen for order in paid) > 0


@pytest.mark.parametrize(
    ("entity", "replies", "words"),
    [
        ("lives", [says({"item": [], "continue_flag": True, "last_buffer": ""})], "no buffer"),
        ("lives", [says({"item": [], "continue_flag": True, "last_buffer": "b"})], "circles"),
        ("leads", [says({"item": [], "continue_flag": True, "last_buffer": ""})], "no buffer"),
        ("shop_days", [says({"errcode": 0})], "no data"),
    ],
)
def test_an_answer_that_is_not_whole_is_an_error(
    sandbox: Sandbox, entity: str, replies: list[Reply], words: str
) -> None:
    with scripted(TOKEN, *replies) as server, pytest.raises(Retryable, match=words) as error:
        rows(sandbox, ENTITIES[entity], TODAY, server.url)
    assert str(error.value).startswith(f"video_channel.{entity} {DAY}")


def test_a_channel_without_forms_has_no_leads_and_still_a_page_per_day(sandbox: Sandbox) -> None:
    nothing: Any = says({"errcode": 0, "item": [], "continue_flag": False})
    for name in ("leads", "live_leads", "promotions"):
        with scripted(TOKEN, nothing) as server:
            found = pages(sandbox, ENTITIES[name], Window.of_days(DAY - timedelta(days=1), DAY), server.url)
        assert [(page.day, list(page.records)) for page in found] == [(DAY - timedelta(days=1), []), (DAY, [])]
