"""The benchmark of activation is honest before it is fast: each message once, and nights of the size asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import psycopg
import pytest

from benchmarks.activation import contest
from benchmarks.activation.contest import Memory
from benchmarks.activation.provider import Running, running

MESSAGES = 300


@pytest.fixture(scope="module")
def provider() -> Iterator[Running]:
    """One without a quota."""
    with running() as started:
        yield started


def test_every_contender_hands_over_each_message_once(dsn: str, provider: Running) -> None:
    contest.bare_loop(provider, MESSAGES)
    contest.in_sequence(provider, MESSAGES)
    contest.ours(dsn, provider, MESSAGES, pace=1_000_000)
    with psycopg.connect(dsn) as connection:
        states = connection.execute("select state, count(*) from activation.message group by 1").fetchall()
    assert states == [("sent", MESSAGES)], "with the full ledger"


def test_a_message_that_came_twice_or_not_at_all_ends_the_run(provider: Running) -> None:
    contest.bare_loop(provider, MESSAGES)
    with pytest.raises(RuntimeError, match=f"{MESSAGES + 1} messages were sent"):
        provider.require(MESSAGES + 1)


def test_a_quota_is_that_of_any_second_and_whoever_does_not_keep_it_is_refused(dsn: str) -> None:
    found = contest.rate_limited(dsn, contest.QUOTA)
    assert found["rate_limit_refused"] == 0
    with running(50) as provider, pytest.raises(RuntimeError, match="'refused': "):
        contest.bare_loop(provider, 200)


@pytest.mark.parametrize(("share", "decisions"), [(1 / 4, 1_000), (1.0, 4_000)])
def test_a_night_decides_for_each_member_of_each_segment(dsn: str, share: float, decisions: int) -> None:
    found = contest.planning(dsn, people=1_000, segments=4, share=share)
    assert found["decisions"] == decisions
    with psycopg.connect(dsn) as connection:
        outcomes = Counter(
            dict(connection.execute("select outcome, count(*) from activation.decision group by 1").fetchall())
        )
    assert outcomes.total() == decisions
    assert outcomes["message"] == found["messages"] <= 1_000, "one message a person"
    assert {"message", "holdout", "no_consent"} <= set(outcomes), "caps, holdout and consent are asked"


def test_memory_that_grows_is_told_from_memory_that_is_used() -> None:
    assert Memory([100.0] * 1_000).growth() == 0
    assert Memory([float(at) for at in range(1_000)]).growth() == pytest.approx(800, abs=2)
