"""Sources whose refresh turns their tokens over: once, for all processes, and lost for good with a lost answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from quanyu import discovery
from quanyu.contracts import Record, Window
from quanyu.errors import NeedsPerson
from quanyu.settings import utc_now
from quanyu.tokens import refreshed
from tests.fixtures.reading import Kept, Reader
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox

DAY = date(2026, 11, 20)
DAYS = Window.of_days(DAY - timedelta(days=3), DAY)
# The source, the entity that is read, and whether the refresh token is new each time.
CASES = [
    pytest.param("ocean_engine", "promotion_report", True, id="ocean_engine"),
    pytest.param("xiaohongshu", "creative_report", True, id="xiaohongshu"),
    pytest.param("xiaohongshu_notes", "notes", True, id="xiaohongshu_notes"),
    pytest.param("bilibili", "user_stats", True, id="bilibili"),
    pytest.param("tencent_ads", "adgroup_report", False, id="tencent_ads"),
]
REFRESHES = "oauth"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(people=20, seed=7, business_date=DAY) as sandbox:
        yield sandbox


def reader(sandbox: Sandbox, source: str) -> Reader:
    """With the tokens that live now; they stand in its connection for good, as in an Airflow that nobody edits."""
    return Reader(discovery.sources()[source], replace(sandbox.connection(source), tokens=Kept()))


def refreshes(sandbox: Sandbox, source: str) -> int:
    return sum(REFRESHES in entry["path"] for entry in sandbox.journal(source))


@pytest.mark.parametrize(("source", "entity", "rotates"), CASES)
def test_a_dead_token_is_renewed_once_and_the_next_process_finds_the_new_one(
    sandbox: Sandbox, source: str, entity: str, rotates: bool
) -> None:
    first = reader(sandbox, source)
    calm = first.rows(entity, DAYS)
    sandbox.fault(source, "token_expired")
    assert first.rows(entity, DAYS) == calm
    # Its connection still holds the dead pair: what was renewed came from the store.
    assert Reader(first.source, first.where).rows(entity, DAYS) == calm
    assert refreshes(sandbox, source) == 1
    now = sandbox.connection(source).extra
    assert now["access_token"] != first.where.extra["access_token"]
    assert (now["refresh_token"] != first.where.extra["refresh_token"]) is rotates


@pytest.mark.parametrize(("source", "entity", "rotates"), CASES)
def test_every_renewal_is_paid_with_what_the_one_before_brought(
    sandbox: Sandbox, source: str, entity: str, rotates: bool
) -> None:
    of = reader(sandbox, source)
    calm = of.rows(entity, DAYS)
    for _ in range(3):
        sandbox.fault(source, "token_expired")
        assert of.rows(entity, DAYS) == calm
    assert refreshes(sandbox, source) == 3


@pytest.mark.parametrize("kind", ["reply_lost", "truncated"])
@pytest.mark.parametrize(("source", "entity", "rotates"), CASES)
def test_a_refresh_whose_answer_is_lost_needs_a_person_where_tokens_rotate(
    sandbox: Sandbox, source: str, entity: str, rotates: bool, kind: str
) -> None:
    """The platform has turned the pair over and nobody knows the new one; the old one buys nothing any more."""
    of = reader(sandbox, source)
    calm = of.rows(entity, DAYS)
    sandbox.fault(source, "token_expired")
    sandbox.fault(source, kind, match=REFRESHES)
    if not rotates:
        assert of.rows(entity, DAYS) == calm
        return
    with pytest.raises(NeedsPerson) as caught:
        of.rows(entity, DAYS)
    assert "authorise" in caught.value.remedy
    assert refreshes(sandbox, source) == 2
    for secret in secrets_of(sandbox, source) | {of.where.extra["refresh_token"], of.where.password}:
        assert secret not in str(caught.value)


@pytest.mark.parametrize(("source", "entity", "rotates"), CASES)
def test_a_new_authorisation_heals_it(sandbox: Sandbox, source: str, entity: str, rotates: bool) -> None:
    """What a person puts into the connection counts before whatever is kept."""
    of = reader(sandbox, source)
    sandbox.fault(source, "token_expired")
    sandbox.fault(source, "reply_lost", match=REFRESHES)
    if rotates:
        with pytest.raises(NeedsPerson):
            of.rows(entity, DAYS)
    authorised = replace(sandbox.connection(source), tokens=of.where.tokens)
    assert Reader(of.source, authorised).rows(entity, DAYS)


@pytest.mark.parametrize(("source", "entity", "rotates"), CASES)
def test_a_connection_with_only_a_refresh_token_gets_its_first_access_token(
    sandbox: Sandbox, source: str, entity: str, rotates: bool
) -> None:
    of = reader(sandbox, source)
    of.where = replace(of.where, extra={**of.where.extra, "access_token": ""})
    assert of.rows(entity, DAYS)
    assert refreshes(sandbox, source) == 1


@pytest.mark.parametrize(
    ("said", "ends"),
    [
        (lambda _now: {"expires_in": 7200}, timedelta(hours=2)),
        (lambda _now: {"expires_in": "7200"}, timedelta(hours=2)),
        (lambda now: {"expires_in": now + 7200}, timedelta(hours=2)),
        (lambda _now: {}, timedelta(days=1)),
    ],
    ids=["a span", "as text", "a moment", "not said"],
)
def test_how_long_a_token_lives_is_understood_in_each_way_it_is_told(
    said: Callable[[int], Record], ends: timedelta
) -> None:
    before = utc_now().replace(microsecond=0)
    answer = said(int(before.timestamp()))
    grant = refreshed(lambda: {"access_token": "a", "refresh_token": "r", **answer}, lifetime="expires_in")
    assert before + ends <= grant.expires_at <= utc_now() + ends


@pytest.mark.parametrize("answer", [{}, {"access_token": "a"}, {"refresh_token": "r"}])
def test_an_answer_without_both_tokens_needs_a_person(answer: Record) -> None:
    """Kept as it is, it would replace the pair that still stands in the store."""
    with pytest.raises(NeedsPerson, match="holds no tokens"):
        refreshed(lambda: answer, lifetime="expires_in")


def test_a_refresh_token_that_is_not_repeated_goes_on() -> None:
    assert refreshed(lambda: {"access_token": "a"}, lifetime="expires_in", kept="r").refresh_token == "r"


def secrets_of(sandbox: Sandbox, source: str) -> set[str]:
    extra: Any = sandbox.connection(source).extra
    return {str(extra[name]) for name in ("access_token", "refresh_token")}
