"""What was left unknown is resolved by what the channel can do, and never guessed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import psycopg
import pytest

from quanyu.activation import resolve, settle
from quanyu.activation.receipts import (
    believe_receipts,
    collect_receipts,
    collect_replies,
    opt_out,
    store_receipts,
)
from quanyu.activation.send import RECEIPT_DAYS
from quanyu.activation.settle import SettleReport
from quanyu.contracts import SHANGHAI, Ability, Channel, DedupKey, Message, Neither, Query, Receipt, Verdict
from quanyu.errors import DeliveryUnknown, Retryable, Throttled, TooLate
from quanyu.heard import Heard
from tests.fixtures.activation_night import TEN, Night, Post, channel

LAG = timedelta(minutes=5)
QUERY = Query(window=timedelta(days=29), lag=LAG)
DEDUP = DedupKey(window=timedelta(hours=24))


@pytest.fixture
def night(dsn: str) -> Night:
    return Night(dsn)


def settled(night: Night, client: Post, to: Channel, **options: Any) -> SettleReport:
    return settle(night.dsn, to, client, lambda: night.now, night.vault, ticks=lambda: night.real, **options)


def lost(night: Night, ability: Ability, *, arrived: bool, one_ids: str = "ab") -> tuple[Post, Channel]:
    """One batch whose answer was lost, after it had arrived at the provider or before."""
    night.segment("seg_quiet", night.people(*one_ids))
    night.plan()
    client, to = Post(), channel(ability=ability)

    def cut(_key: str, _batch: Sequence[Message]) -> None:
        client.before = client.after = None
        raise DeliveryUnknown("cut")

    if arrived:
        client.after = cut
    else:
        client.before = cut
    assert night.send(client, to).states == {"sending": len(one_ids)}
    return client, to


def test_a_crashed_sender_is_given_its_lease_before_anybody_else_acts(night: Night) -> None:
    night.segment("seg_quiet", night.people("a"))
    night.plan()
    client, to = Post(), channel(ability=Neither())

    def crash(_key: str, _batch: Sequence[Message]) -> None:
        raise KeyboardInterrupt

    client.after = crash
    with pytest.raises(KeyboardInterrupt):
        night.send(client, to, lease=timedelta(minutes=30))
    night.later(minutes=29)
    assert settled(night, client, to).states == {"sending": 1}
    night.later(minutes=2)
    assert settled(night, client, to).states == {"parked": 1}


def test_neither_is_parked_for_a_person_who_says_what_happened(night: Night) -> None:
    client, to = lost(night, Neither(), arrived=True)
    assert settled(night, client, to).states == {"parked": 2}
    assert len(client.calls) == 1
    assert night.parts("seg_quiet") == {"parked": 2}
    keys = dict(night.rows("select one_id, key from activation.message"))
    assert resolve(night.dsn, [keys["a"]], was_sent=True, who="mei") == 1
    assert resolve(night.dsn, [keys["b"]], was_sent=False, who="mei") == 1
    assert night.parts("seg_quiet") == {"sent": 1, "pending": 1}
    night.send(client, to)
    assert night.parts("seg_quiet") == {"sent": 2}


@pytest.mark.parametrize("arrived", [True, False])
def test_a_repeat_goes_under_the_same_key_to_the_same_people(night: Night, arrived: bool) -> None:
    client, to = lost(night, DEDUP, arrived=arrived)
    assert settled(night, client, to).states == {"sent": 2}
    assert len({key for key, _ in client.calls}) == 1
    assert len({tuple(message.key for message in batch) for _, batch in client.calls}) == 1
    assert night.rows("select distinct state, attempt from activation.message") == [("sent", 2)]


def test_a_repeat_whose_hours_end_in_the_middle_keeps_what_was_said_and_goes_on_another_time(night: Night) -> None:
    client, to = lost(night, DEDUP, arrived=False)

    def closing(_key: str, batch: Sequence[Message]) -> None:
        client.before = None
        error = TooLate()
        error.receipts = [Receipt(key=batch[0].key, verdict=Verdict.ACCEPTED)]
        raise error

    client.before = closing
    assert settled(night, client, to).states == {"sent": 1, "sending": 1}
    assert settled(night, client, to).states == {"sent": 1}
    assert night.parts("seg_quiet") == {"sent": 2}


def test_a_key_past_its_window_is_parked(night: Night) -> None:
    client, to = lost(night, DEDUP, arrived=True)
    night.later(hours=23, minutes=45)
    assert settled(night, client, to).states == {"parked": 2}
    assert len(client.calls) == 1


def test_a_repeat_keeps_quiet_hours_and_the_day(night: Night) -> None:
    client, to = lost(night, DEDUP, arrived=False)
    night.now = TEN.replace(hour=21)
    assert settled(night, client, to).states == {"sending": 2}
    night.now = datetime(2026, 11, 22, 10, tzinfo=SHANGHAI)
    assert settled(night, client, to).states == {"parked": 2}
    assert client.calls == []


def test_a_repeat_leaves_out_who_withdrew_consent(night: Night) -> None:
    client, to = lost(night, DEDUP, arrived=False)
    night.consent("a", is_granted=False)
    assert settled(night, client, to).states == {"sent": 1}
    assert night.states() == {"a": "parked", "b": "sent"}
    assert client.received == ["post-b"]


def test_later_said_to_a_repeat_proves_nothing(night: Night) -> None:
    client, to = lost(night, DEDUP, arrived=True)
    client.answers = {"post-a": Verdict.LATER, "post-b": Verdict.UNKNOWN}
    assert settled(night, client, to).states == {"sending": 2}
    client.answers = {}
    assert settled(night, client, to).states == {"sent": 2}


def test_a_query_waits_for_the_lag_and_believes_what_it_hears(night: Night) -> None:
    client, to = lost(night, QUERY, arrived=True)
    early = settled(night, client, to)
    assert (early.states, early.again_at) == ({"sending": 2}, night.real + LAG)
    assert client.asked == []
    night.later(minutes=5)
    assert settled(night, client, to).states == {"sent": 2}
    assert len(client.calls) == 1


def test_what_never_arrived_is_sent_again(night: Night) -> None:
    client, to = lost(night, QUERY, arrived=False)
    night.later(minutes=5)
    assert settled(night, client, to).states == {"pending": 2}
    night.send(client, to)
    assert sorted(client.received) == ["post-a", "post-b"]
    assert night.states() == {"a": "sent", "b": "sent"}


def test_what_never_arrived_and_is_too_old_is_not_sent_any_more(night: Night) -> None:
    client, to = lost(night, QUERY, arrived=False)
    night.later(days=1)
    night.now = datetime(2026, 11, 22, 10, tzinfo=SHANGHAI)
    settled(night, client, to)
    assert night.parts("seg_quiet") == {"deferred": 2}


def test_an_answer_in_doubt_is_asked_for_again_and_parked_after_the_window(night: Night) -> None:
    client, to = lost(night, QUERY, arrived=True)
    client.ask = lambda _key, batch: [  # type: ignore[method-assign]
        Receipt(key=message.key, verdict=Verdict.UNKNOWN) for message in batch
    ]
    for _ in range(2):
        night.later(minutes=5)
        assert settled(night, client, to).states == {"sending": 2}
    night.later(days=29)
    assert settled(night, client, to).states == {"parked": 2}


def test_a_provider_that_does_not_answer_leaves_everything_open(night: Night) -> None:
    client, to = lost(night, QUERY, arrived=True)
    night.later(minutes=5)

    def fail(_key: str, _batch: Sequence[Message]) -> list[Receipt]:
        raise Retryable("no connection")

    client.ask = fail  # type: ignore[method-assign]
    with pytest.raises(Retryable, match=r"post\.seg_quiet 2026-11-20"):
        settled(night, client, to)
    assert night.states() == {"a": "sending", "b": "sending"}


def test_a_throttled_repeat_stays_unknown_and_is_not_made_before_its_time(night: Night) -> None:
    client, to = lost(night, DEDUP, arrived=True)

    def throttle(_key: str, _batch: Sequence[Message]) -> None:
        raise Throttled("retry too fast", until=night.real + timedelta(hours=1))

    client.before = throttle
    for _ in range(2):
        with pytest.raises(Throttled):
            settled(night, client, to)
    client.before = None
    night.later(hours=1)
    assert settled(night, client, to).states == {"sent": 2}


def test_a_verdict_found_by_asking_may_be_final(night: Night) -> None:
    client, to = lost(night, QUERY, arrived=True)
    client._receipt = lambda message: Receipt(  # type: ignore[method-assign]
        key=message.key, verdict=Verdict.DELIVERED if message.address == "post-a" else Verdict.FAILED, code="C"
    )
    night.later(minutes=5)
    settled(night, client, to)
    assert night.states() == {"a": "delivered", "b": "failed_final"}


def sent(night: Night, *one_ids: str) -> tuple[Post, dict[str, str]]:
    night.segment("seg_quiet", night.people(*one_ids))
    night.plan()
    client = Post()
    night.send(client)
    return client, dict(night.rows("select one_id, key from activation.message"))


def receipts(night: Night, client: Post) -> Any:
    return collect_receipts(night.dsn, channel(), client, lambda: night.now, night.vault)


def test_receipts_make_messages_final_once(night: Night) -> None:
    client, keys = sent(night, "a", "b", "c", "d")
    client.said = [
        Receipt(key=keys["a"], verdict=Verdict.DELIVERED, code="ok", at=TEN),
        Receipt(key=keys["b"], verdict=Verdict.FAILED, code="blocked"),
        Receipt(key=keys["c"], verdict=Verdict.EXPIRED),
        Receipt(key=keys["a"], verdict=Verdict.DELIVERED, code="ok", at=TEN),
        Receipt(key="somebody else's", verdict=Verdict.DELIVERED),
    ]
    report = receipts(night, client)
    assert (report.heard, report.states) == (3, {"delivered": 1, "failed_final": 1, "expired": 1})
    assert night.states() == {"a": "delivered", "b": "failed_final", "c": "expired", "d": "sent"}
    assert night.parts("seg_quiet") == {"sent": 2, "failed": 2}
    client.said = [Receipt(key=keys["a"], verdict=Verdict.FAILED, code="too late"), *client.said]
    assert receipts(night, client).states == {}
    assert night.states()["a"] == "delivered", "what is final stays"


def test_a_receipt_that_overtakes_the_outcome_is_kept_and_believed(night: Night) -> None:
    night.segment("seg_quiet", night.people("a"))
    night.plan()
    client = Post()

    def overtake(_key: str, batch: Sequence[Message]) -> None:
        store_receipts(night.dsn, "post", [Receipt(key=batch[0].key, verdict=Verdict.DELIVERED)])
        assert night.states() == {"a": "sending"}

    client.after = overtake
    night.send(client)
    assert night.states() == {"a": "delivered"}


def test_a_receipt_proves_that_a_message_with_a_lost_answer_left(night: Night) -> None:
    client, to = lost(night, Neither(), arrived=True)
    keys = dict(night.rows("select one_id, key from activation.message"))
    store_receipts(night.dsn, "post", [Receipt(key=keys["a"], verdict=Verdict.DELIVERED)])
    settled(night, client, to)
    assert night.states() == {"a": "delivered", "b": "parked"}
    store_receipts(night.dsn, "post", [Receipt(key=keys["b"], verdict=Verdict.FAILED)])
    settled(night, client, to)
    assert night.states() == {"a": "delivered", "b": "failed_final"}


def test_silence_becomes_expired(night: Night) -> None:
    client, _ = sent(night, "a")
    night.now += timedelta(days=RECEIPT_DAYS)
    assert receipts(night, client).states == {}
    night.now += timedelta(days=1)
    assert receipts(night, client).states == {"expired": 1}


def test_a_repeat_that_had_to_wait_past_the_hours_is_not_made(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider wanted a pause, and the window closed in it."""
    client, to = lost(night, DEDUP, arrived=True)
    night.later(hours=1)

    def sleep(*_: Any, **__: Any) -> None:
        night.now = TEN.replace(hour=20)

    monkeypatch.setattr(import_module("quanyu.activation.settle"), "wait_out", sleep)
    calls = len(client.calls)
    assert settled(night, client, to).states == {"sending": 2}
    assert len(client.calls) == calls


def test_a_receipt_of_what_a_stopped_sender_is_storing_keeps_nobody_waiting(night: Night) -> None:
    """Its transaction has the message until it wakes; the rest of the channel is settled meanwhile."""
    client, to = lost(night, QUERY, arrived=True)
    night.later(hours=1)
    first, second = sorted(night.states("key"))
    store_receipts(night.dsn, "post", [Receipt(key=key, verdict=Verdict.DELIVERED) for key in (first, second)])
    with psycopg.connect(night.dsn) as stopped:
        stopped.execute("update activation.message set state = 'sent' where key = %s", [first])
        hurried = psycopg.conninfo.make_conninfo(night.dsn, options="-c lock_timeout=2s")
        with psycopg.connect(hurried) as connection:
            believe_receipts(connection, "post", night.real)
        assert night.states("key") == {first: "sending", second: "delivered"}
        stopped.rollback()
    settled(night, client, to)
    assert set(night.states().values()) == {"delivered"}


class Talkative(Post):
    """A provider that also hears people."""

    def __init__(self, heard: list[Heard]) -> None:
        super().__init__()
        self.heard = heard

    def replies(self, after: str) -> Any:
        """Replies after a number."""
        return (reply for reply in self.heard if int(reply.cursor) > int(after or 0))


def test_a_refusal_by_reply_is_kept_under_the_token_and_honoured(night: Night) -> None:
    token = night.phone("13800000000")
    night.person("a", address=token)
    night.person("b", address=night.phone("13900000000"))
    night.segment("seg_quiet", ["a", "b"])
    night.plan()
    by_phone = channel(address_type="phone")
    client = Talkative(
        [
            Heard(address="13800000000", said="TD", at=TEN, cursor="1"),
            Heard(address="+8613900000000", said="谢谢", at=TEN, cursor="2"),
            Heard(address="13800000000", said="退订", at=TEN, cursor="3"),
        ]
    )
    assert collect_replies(night.dsn, by_phone, client, night.vault) == 1
    assert night.rows("select channel, address from activation.opt_out") == [("post", token)]
    assert night.one("select cursor from activation.reply_cursor") == "3"
    assert collect_replies(night.dsn, by_phone, client, night.vault) == 0
    night.send(client, by_phone)
    assert client.received == ["+8613900000000"]
    assert "13800000000" not in str(night.rows("select * from activation.opt_out"))


def test_a_channel_that_nobody_can_answer_is_left_alone(night: Night) -> None:
    assert collect_replies(night.dsn, channel(), Post(), night.vault) == 0


def test_opting_out_twice_counts_once(night: Night) -> None:
    reply = Heard(address="openid-1", said="TD", at=TEN, cursor="1")
    assert opt_out(night.dsn, channel(), [reply], night.vault) == 1
    assert opt_out(night.dsn, channel(), [reply], night.vault) == 0


def test_where_nobody_tells_what_became_of_a_message_sent_is_the_last_word(night: Night) -> None:
    night.segment("seg_quiet", night.people("a"))
    night.plan()
    night.send(Post())
    after = TEN + timedelta(days=40)
    silent = channel(has_receipts=False)
    assert collect_receipts(night.dsn, silent, Post(), lambda: after, night.vault).heard == 0
    assert night.states() == {"a": "sent"}
    collect_receipts(night.dsn, channel(), Post(), lambda: after, night.vault)
    assert night.states() == {"a": "expired"}


@pytest.mark.parametrize("verdict", [Verdict.READ, Verdict.CLICKED])
def test_what_was_read_or_clicked_was_delivered_and_both_are_kept(night: Night, verdict: Verdict) -> None:
    night.segment("seg_quiet", night.people("a"))
    night.plan()
    night.send(post := Post())
    key = night.one("select key from activation.message")
    post.said = [Receipt(key=key, verdict=verdict, at=TEN)]
    collect_receipts(night.dsn, channel(), post, lambda: TEN, night.vault)
    assert night.states() == {"a": "delivered"}
    assert night.rows("select verdict, reported_at from activation.receipt") == [(verdict.value, TEN)]
