"""Sending: claimed once, called once, and the outcome belongs to whoever made the call."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import psycopg
import pytest
from psycopg import sql

from quanyu import warehouse
from quanyu.activation import ledger, settle
from quanyu.activation.pauses import wait_out
from quanyu.contracts import SHANGHAI, Message, Receipt, Verdict
from quanyu.errors import ConfigurationError, DeliveryUnknown, NeedsPerson, Rejected, Retryable, Throttled
from tests.fixtures.activation_night import TEN, Night, Post, channel


@pytest.fixture
def night(dsn: str) -> Night:
    return Night(dsn)


def planned(night: Night, *one_ids: str, **meta: object) -> Post:
    night.segment("seg_quiet", night.people(*one_ids), **meta)
    night.plan()
    return Post()


def test_a_sent_message_keeps_the_providers_id_and_day(night: Night) -> None:
    client = planned(night, "a", "b")
    report = night.send(client)
    assert report.states == {"sent": 2}
    assert sorted(client.received) == ["post-a", "post-b"]
    assert night.rows("select distinct state, provider_id, sent_on, attempt from activation.message") == [
        ("sent", "p1", date(2026, 11, 21), 1)
    ]
    assert night.parts("seg_quiet") == {"sent": 2}


def test_sending_again_sends_nothing(night: Night) -> None:
    client = planned(night, "a")
    night.send(client)
    night.send(client)
    night.plan()
    night.send(client)
    assert client.received == ["post-a"]


@pytest.mark.parametrize("now", ["2026-11-22T00:00:01+08:00", "2027-01-01T10:00:00+08:00", "2026-11-19T23:00:00+08:00"])
def test_an_old_or_future_business_date_cannot_send(night: Night, now: str) -> None:
    client = planned(night, "a")
    night.now = datetime.fromisoformat(now)
    with pytest.raises(Rejected, match="messages of 2026-11-20 are not sent on"):
        night.send(client)
    assert client.calls == []
    assert night.states() == {"a": "pending"}


class SlowPost(Post):
    """One call a message, four in five seconds."""

    pace = 0.8


def test_a_batch_of_single_calls_is_no_longer_than_consent_stays_fresh(night: Night) -> None:
    planned(night, *"abcdefg")
    client = SlowPost()
    night.send(client)
    assert [len(batch) for _, batch in client.calls] == [4, 3]


def test_midnight_stops_a_run_that_is_under_way(night: Night) -> None:
    client = planned(night, "a", "b", purpose="service", consent="marketing", send_window=["00:00", "23:00"])

    def midnight(_key: str, _batch: Sequence[Message]) -> None:
        night.now = datetime(2026, 11, 22, 0, 1, tzinfo=SHANGHAI)

    client.after = midnight
    with pytest.raises(Rejected, match="not sent on 2026-11-22"):
        night.send(client, channel(largest=1))
    assert len(client.received) == 1
    assert sorted(night.states().values()) == ["pending", "sent"]


@pytest.mark.parametrize("hour", [8, 20, 23])
def test_outside_the_send_window_messages_wait_and_count_as_quiet(night: Night, hour: int) -> None:
    client = planned(night, "a")
    night.now = TEN.replace(hour=hour)
    assert night.send(client).states == {}
    assert client.calls == []
    assert night.parts("seg_quiet") == {"quiet": 1}
    night.now = TEN
    night.send(client)
    assert client.received == ["post-a"]


def test_the_window_closing_during_a_run_stops_it(night: Night) -> None:
    client = planned(night, "a", "b")

    def evening(_key: str, _batch: Sequence[Message]) -> None:
        night.now = TEN.replace(hour=20)

    client.after = evening
    night.send(client, channel(largest=1))
    assert night.parts("seg_quiet") == {"sent": 1, "quiet": 1}


def test_consent_withdrawn_after_planning_stops_the_message(night: Night) -> None:
    client = planned(night, "a", "b")
    night.consent("a", is_granted=False)
    night.send(client)
    assert client.received == ["post-b"]
    assert night.states() == {"a": "suppressed", "b": "sent"}
    assert night.parts("seg_quiet") == {"no_consent": 1, "sent": 1}


def test_an_opt_out_after_planning_stops_the_message(night: Night) -> None:
    client = planned(night, "a", "b")
    with night.sql() as cursor:
        cursor.execute("insert into activation.opt_out values ('post', 'post-a', 'R', now())")
    night.send(client)
    assert client.received == ["post-b"]
    assert night.one("select reason from activation.message where one_id = 'a'") == "opted out"


def test_an_erased_address_is_never_written_to(night: Night) -> None:
    token = night.phone("13800000000")
    night.person("a", address=token)
    client = planned(night)
    night.segment("seg_quiet", ["a"])
    night.plan()
    with warehouse.connect(night.dsn) as connection:
        night.vault.erase(connection, [token])
    night.send(client)
    assert client.calls == []
    assert night.parts("seg_quiet") == {"unreachable": 1}


def test_tokens_are_opened_at_the_send_edge_only(night: Night) -> None:
    night.person("a", address=night.phone("13800000000"))
    night.segment("seg_quiet", {"a": {"friend": night.phone("13900000000")}})
    night.plan(channel(is_personal=True))
    client = Post()
    night.send(client, channel(is_personal=True))
    assert client.received == ["+8613800000000"]
    assert client.calls[0][1][0].params == {"friend": "+8613900000000"}
    assert "138" not in repr(client.calls[0][1][0])
    everything = str(night.rows("select * from activation.message"))
    assert "13800000000" not in everything
    assert "13900000000" not in everything


def test_a_batch_shares_sender_template_and_text(night: Night) -> None:
    for one_id, sender in (("a", "anna"), ("b", "anna"), ("c", "bert")):
        night.person(one_id, sender=sender)
    rows = {"a": {"gift": "tea"}, "b": {"gift": "silk"}, "c": {"gift": "tea"}}
    night.segment("seg_quiet", rows, templates={"post": "{gift} awaits"})
    night.plan()
    client = Post()
    night.send(client)
    assert len(client.calls) == 3
    for _, batch in client.calls:
        assert len({(message.sender, message.template, str(message.params)) for message in batch}) == 1


def test_no_batch_is_larger_than_the_channel_takes_nor_smaller(night: Night) -> None:
    client = planned(night, *(f"p{number}" for number in range(7)))
    night.send(client, channel(largest=3, smallest=2))
    assert sorted(len(batch) for _, batch in client.calls) == [2, 2, 3]


def test_too_few_people_for_one_call_are_put_off(night: Night) -> None:
    client = planned(night, "a")
    night.send(client, channel(smallest=2))
    assert client.calls == []
    assert night.parts("seg_quiet") == {"deferred": 1}
    assert night.one("select reason from activation.message") == "too few for one call"


def test_one_bad_recipient_neither_holds_back_nor_passes_the_others(night: Night) -> None:
    client = planned(night, "a", "b", "c")
    client.answers = {"post-b": Verdict.REFUSED}
    night.send(client)
    assert night.states() == {"a": "sent", "b": "failed_final", "c": "sent"}
    assert dict(night.rows("select one_id, code from activation.message"))["b"] == "E1"
    assert night.parts("seg_quiet") == {"sent": 2, "failed": 1}


def test_what_the_provider_puts_off_is_tried_again_but_not_at_once(night: Night) -> None:
    client = planned(night, "a")
    client.answers = {"post-a": Verdict.LATER}
    night.send(client)
    assert (len(client.calls), night.states()) == (1, {"a": "pending"})
    client.answers = {}
    night.send(client)
    assert len(client.calls) == 1
    night.later(minutes=16)
    night.send(client)
    assert (len(client.calls), night.states()) == (2, {"a": "sent"})


def test_no_call_is_made_before_the_time_a_throttle_named(night: Night) -> None:
    client = planned(night, "a", "b")
    until = night.real + timedelta(hours=1)

    def throttle(_key: str, _batch: Sequence[Message]) -> None:
        raise Throttled("slow down", until=until)

    client.before = throttle
    with pytest.raises(Throttled, match="wants no call before"):
        night.send(client, channel(largest=1))
    assert night.states() == {"a": "pending", "b": "pending"}
    client.before = None
    with pytest.raises(Throttled):
        night.send(client)
    assert client.calls == []
    night.later(hours=1)
    night.send(client)
    assert sorted(client.received) == ["post-a", "post-b"]


def test_a_short_throttle_is_waited_for(night: Night) -> None:
    client = planned(night, "a")
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        night.later(seconds=seconds)

    def throttle(_key: str, _batch: Sequence[Message]) -> None:
        client.before = None
        raise Throttled("slow down")

    client.before = throttle
    assert night.send(client, sleep=sleep).states["sent"] == 1
    assert waits == [60.0]
    with warehouse.Session(night.dsn) as session:
        wait_out(session, "post", ticks=lambda: night.real, sleep=sleep)
    assert waits == [60.0]


def test_a_lost_answer_leaves_the_batch_unknown_and_the_others_go_out(night: Night) -> None:
    client = planned(night, "a", "b", "c")
    lost: list[str] = []

    def lose(_key: str, batch: Sequence[Message]) -> None:
        if not lost:
            lost.append(batch[0].address)
            raise DeliveryUnknown("cut")

    client.after = lose
    report = night.send(client, channel(largest=1))
    assert report.states == {"sent": 2, "sending": 1}
    night.send(client, channel(largest=1))
    assert len(client.received) == 3, "what may have gone out is not sent again"
    assert night.parts("seg_quiet") == {"sent": 2, "pending": 1}


def test_three_lost_answers_in_a_row_stop_the_run(night: Night) -> None:
    client = planned(night, *"abcdef")

    def lose(_key: str, _batch: Sequence[Message]) -> None:
        raise DeliveryUnknown("cut")

    client.after = lose
    with pytest.raises(DeliveryUnknown, match=r"post\.seg_quiet 2026-11-20"):
        night.send(client, channel(largest=1))
    assert len(client.calls) == 3


@pytest.mark.parametrize("error", [Retryable, NeedsPerson, ConfigurationError, Rejected])
def test_an_error_before_anything_left_gives_the_batch_back(night: Night, error: type[Exception]) -> None:
    client = planned(night, "a")

    def fail(_key: str, _batch: Sequence[Message]) -> None:
        raise error("no")

    client.before = fail
    with pytest.raises(error, match=r"post\.seg_quiet 2026-11-20: no"):
        night.send(client)
    assert night.states() == {"a": "pending"}
    client.before = None
    night.send(client)
    assert night.states() == {"a": "sent"}


def test_a_refused_campaign_does_not_stop_the_others(night: Night) -> None:
    night.segment("seg_bad", night.people("a"), templates={"post": "bad"}, priority=1)
    night.segment("seg_good", night.people("b"), templates={"post": "good"}, priority=2)
    night.plan()
    client = Post()

    def refuse(_key: str, batch: Sequence[Message]) -> None:
        if batch[0].template == "bad":
            raise Rejected("template is illegal")

    client.before = refuse
    with pytest.raises(Rejected, match="seg_bad"):
        night.send(client)
    assert night.states() == {"a": "pending", "b": "sent"}


def test_a_defect_of_ours_leaves_the_batch_unknown(night: Night) -> None:
    client = planned(night, "a")

    def bug(_key: str, _batch: Sequence[Message]) -> None:
        raise ZeroDivisionError

    client.after = bug
    with pytest.raises(ZeroDivisionError):
        night.send(client)
    assert night.states() == {"a": "sending"}


def test_a_sender_that_slept_through_its_lease_does_not_call(night: Night) -> None:
    client = planned(night, "a")
    ticks = iter([night.real])
    night.send(client, ticks=lambda: next(ticks, night.real + timedelta(hours=2)), lease=timedelta(hours=1))
    assert night.states() == {"a": "sent"}
    assert night.one("select attempt from activation.message") == 2, "claimed, given back without a call, claimed again"
    assert len(client.calls) == 1


def test_two_senders_at_once_never_both_send(night: Night) -> None:
    one_ids = [f"p{number}" for number in range(40)]
    planned(night, *one_ids)
    clients = [Post(), Post()]
    start = threading.Barrier(2)

    def run(client: Post) -> None:
        start.wait()
        night.send(client, channel(largest=3))

    threads = [threading.Thread(target=run, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(clients[0].received + clients[1].received) == sorted(f"post-{one_id}" for one_id in one_ids)
    assert set(night.states().values()) == {"sent"}


def test_a_zombies_late_outcome_does_not_overwrite_its_successors(night: Night) -> None:
    client = planned(night, "a")
    attempts: list[ledger.Batch] = []

    def hold_on(key: str, batch: Sequence[Message]) -> None:
        attempt = len(attempts) + 1
        attempts.append(
            ledger.Batch(key=key, attempt=attempt, segment="seg_quiet", lease_until=night.real, messages=list(batch))
        )
        if attempt == 1:
            raise Retryable("given back, though the call goes on in a process that nobody can see")
        with warehouse.connect(night.dsn) as connection:
            late = [Receipt(key=batch[0].key, verdict=Verdict.REFUSED, code="late")]
            assert ledger.record(connection, attempts[0], late, at=night.real) == {}
            ledger.give_back(connection, attempts[0], not_before=None, reason="late")
            ledger.let_go(connection, attempts[0], at=night.real - timedelta(days=1))
        assert night.states() == {"a": "sending"}

    client.before = hold_on
    with pytest.raises(Retryable):
        night.send(client)
    night.send(client)
    assert night.rows("select state, code, attempt from activation.message") == [("sent", "", 2)]


def test_nobody_resolves_a_batch_while_its_sender_lives(night: Night) -> None:
    client = planned(night, "a")

    def settled_meanwhile(_key: str, _batch: Sequence[Message]) -> None:
        night.later(hours=1)
        settle(night.dsn, channel(), Post(), lambda: night.now, night.vault, ticks=lambda: night.real)
        assert night.states() == {"a": "sending"}

    client.after = settled_meanwhile
    night.send(client)
    assert night.states() == {"a": "sent"}


def test_a_late_answer_frees_a_message_that_was_parked_meanwhile(night: Night) -> None:
    client = planned(night, "a")

    def parked_meanwhile(_key: str, _batch: Sequence[Message]) -> None:
        night.later(hours=1)
        with night.sql() as cursor:
            cursor.execute(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
        settle(night.dsn, channel(), Post(), lambda: night.now, night.vault, ticks=lambda: night.real)
        assert night.states() == {"a": "parked"}, "to Postgres, a sender without a connection is dead"

    client.after = parked_meanwhile
    with pytest.raises(psycopg.OperationalError):
        night.send(client)
    assert night.states() == {"a": "sent"}, "the provider's own word is no guess"


def test_a_servers_limit_on_idle_transactions_leaves_a_batch_in_hand(night: Night) -> None:
    """A call takes as long as it takes, and a session that was ended meanwhile would look like a dead sender."""
    client = planned(night, "a")
    database = sql.Identifier(str(psycopg.conninfo.conninfo_to_dict(night.dsn)["dbname"]))
    for limit in ("idle_in_transaction_session_timeout", "transaction_timeout", "idle_session_timeout"):
        with psycopg.connect(night.dsn, autocommit=True) as connection:
            connection.execute(sql.SQL("alter database {} set {} = '100ms'").format(database, sql.Identifier(limit)))

    def settled_meanwhile(_key: str, _batch: Sequence[Message]) -> None:
        time.sleep(0.5)
        night.later(hours=1)
        settle(night.dsn, channel(), Post(), lambda: night.now, night.vault, ticks=lambda: night.real)
        assert night.states() == {"a": "sending"}

    client.after = settled_meanwhile
    night.send(client)
    assert night.states() == {"a": "sent"}


def test_who_waited_for_a_campaign_past_its_hours_sends_nothing(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planner holds it for minutes."""
    client = planned(night, "a")
    lock, locked = ledger.lock, []

    def wait(connection: warehouse.Connection, name: str, campaign: str) -> None:
        lock(connection, name, campaign)
        locked.append(campaign)
        if len(locked) == 2:
            night.now = TEN.replace(hour=20)

    monkeypatch.setattr(ledger, "lock", wait)
    night.send(client)
    assert len(locked) == 2, "once for the hours, once to claim"
    assert client.calls == []
    assert night.states() == {"a": "deferred"}
