"""A channel that was switched off: not called any more, by nobody and on no night, before a person lifts it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from quanyu.activation import settle
from quanyu.activation.pauses import pause
from quanyu.cli import app
from quanyu.contracts import DedupKey, Message
from quanyu.errors import DeliveryUnknown, SwitchedOff, Throttled
from quanyu.warehouse import Session
from tests.fixtures.activation_night import Night, Post, channel

AGAIN = channel(ability=DedupKey(window=timedelta(days=2)), largest=1)


@pytest.fixture
def night(dsn: str) -> Night:
    return Night(dsn)


def gone(_key: str, _batch: Sequence[Message]) -> None:
    raise SwitchedOff("the endpoint wants no more events.", remedy="ask its owner.")


def switched_off(night: Night) -> Post:
    """A client whose receiver said once that it wants no more."""
    night.segment("seg_quiet", night.people("a", "b"))
    night.plan()
    client = Post()
    client.before = gone
    with pytest.raises(SwitchedOff, match=r"post\.seg_quiet 2026-11-20: the endpoint wants no more"):
        night.send(client, AGAIN)
    client.before = None
    return client


def test_no_later_run_calls_it_and_each_says_how_to_lift_it(night: Night) -> None:
    client = switched_off(night)
    night.later(days=300)
    with pytest.raises(SwitchedOff, match=r"no more events(.|\n)*quanyu outbox resume post"):
        night.send(client, AGAIN)
    assert client.calls == []
    assert night.states() == {"a": "pending", "b": "pending"}


def test_a_throttle_that_comes_late_changes_nothing(night: Night) -> None:
    client = switched_off(night)
    with Session(night.dsn) as session:
        pause(session, "post", Throttled("slow down"), ticks=lambda: night.real)
    with pytest.raises(SwitchedOff, match="no more events"):
        night.send(client, AGAIN)


@pytest.mark.usefixtures("environment")
def test_a_person_lifts_it_and_what_waited_goes_out(night: Night) -> None:
    client = switched_off(night)
    done = CliRunner().invoke(app, ["outbox", "resume", "post", "--who", "anna"])
    assert done.exit_code == 0, done.output
    night.send(client, AGAIN)
    assert sorted(client.received) == ["post-a", "post-b"]
    assert "anna" in night.one("select reason from activation.pause")


def test_a_repeat_that_is_told_so_switches_it_off_too(night: Night) -> None:
    night.segment("seg_quiet", night.people("a"))
    night.plan()
    client = Post()

    def cut(_key: str, _batch: Sequence[Message]) -> None:
        raise DeliveryUnknown("cut")

    client.before = cut
    night.send(client, AGAIN)
    client.before = gone
    for _ in range(2):
        with pytest.raises(SwitchedOff):
            settle(night.dsn, AGAIN, client, lambda: night.now, night.vault, ticks=lambda: night.real)
        client.before = None
    assert client.calls == []
    assert night.states() == {"a": "sending"}


@pytest.mark.usefixtures("environment")
def test_only_what_is_switched_off_can_be_lifted() -> None:
    done = CliRunner().invoke(app, ["outbox", "resume", "post", "--who", "anna"])
    assert done.exit_code == 1
    assert "post is not switched off" in done.output


def test_a_night_writes_to_people_where_they_can_be_told_instead(night: Night) -> None:
    """Who has another channel gets it there; who has none waits for this one and is not lost."""
    switched_off(night)
    letter = channel("letter")
    night.people("c", "d")
    night.person("c", on="letter")
    night.segment("seg_both", ["c", "d"], channels=["post", "letter"], templates={"post": "t", "letter": "t"})
    night.plan(AGAIN, letter)
    found = night.rows("select one_id, channel from activation.message where segment = 'seg_both' order by 1")
    assert found == [("c", "letter"), ("d", "post")]
