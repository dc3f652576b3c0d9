"""AI calls: a task per batch under the batch's name, hours, results, and who does not want to be called."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from quanyu.activation import HearsReplies
from quanyu.activation.refusals import is_refusal
from quanyu.channels.aliyun_call import CHANNEL
from quanyu.contracts import Connection, Message, Receipt, Verdict
from quanyu.errors import ConfigurationError, DeliveryUnknown, NeedsPerson, Rejected, Throttled
from tests.sandbox import running_sandbox
from tests.sandbox.aliyun_call import AliyunCall
from tests.sandbox.server import Sandbox

AGENT = "118000000000000001"


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    with running_sandbox(people=30) as running:
        yield running


@pytest.fixture
def platform(sandbox: Sandbox) -> AliyunCall:
    found = sandbox.platforms["aliyun_call"]
    assert isinstance(found, AliyunCall)
    return found


def messages(*phones: str, agent: str = f"{AGENT}:gift") -> list[Message]:
    return [
        Message(key=f"key-{phone}", address=phone, template=agent, params={"gift": "好茶"}, sent_on=date(2026, 11, 21))
        for phone in phones
    ]


def numbers(count: int) -> list[str]:
    return [f"+861390000{number:04d}" for number in range(count)]


def send(sandbox: Sandbox, *phones: str, key: str = "batch-1", **how: Any) -> dict[str, Receipt]:
    with CHANNEL.connect(sandbox.connection("aliyun_call")) as client:
        return {receipt.key: receipt for receipt in client.send(key, messages(*phones, **how))}


def received(sandbox: Sandbox) -> list[str]:
    return [delivery["recipient"] for delivery in sandbox.deliveries("aliyun_call")]


def test_a_batch_is_a_task_of_its_name_with_our_hours(sandbox: Sandbox, platform: AliyunCall) -> None:
    receipts = send(sandbox, *numbers(3))
    (task,) = platform.tasks.values()
    assert (task.name, task.agent) == ("batch-1", AGENT)
    assert task.hours == [
        {"startTime": "09:00:00", "endTime": "12:00:00"},
        {"startTime": "14:00:00", "endTime": "20:00:00"},
    ]
    assert {(one.verdict, one.provider_id) for one in receipts.values()} == {(Verdict.ACCEPTED, str(task.task_id))}
    assert json.loads(task.calls[0][0]["Options"]) == {"gift": "好茶"}
    assert [call["OutId"] for call, _ in task.calls] == list(receipts)


def test_hours_may_be_set_and_are_checked(sandbox: Sandbox, platform: AliyunCall) -> None:
    right = sandbox.connection("aliyun_call")
    with CHANNEL.connect(replace(right, extra={**right.extra, "call_time": [["10:00", "11:30"]]})) as client:
        client.send("batch-1", messages(*numbers(1)))
    assert next(iter(platform.tasks.values())).hours == [{"startTime": "10:00:00", "endTime": "11:30:00"}]
    for wrong in ("9-12", [["9:00", "12:00"]], [["12:00", "09:00"]], [["12:00"]]):
        where = replace(right, extra={**right.extra, "call_time": wrong})
        with pytest.raises(ConfigurationError, match="call_time"), CHANNEL.connect(where):
            pass


@pytest.mark.parametrize("place", [0, 3, 6])
def test_an_illegal_number_is_found_and_the_others_are_called_once(sandbox: Sandbox, place: int) -> None:
    phones = numbers(6)
    phones.insert(place, "+85251234567")
    receipts = send(sandbox, *phones)
    bad = receipts.pop("key-+85251234567")
    assert (bad.verdict, bad.code) == (Verdict.REFUSED, "isv.MOBILE_NUMBER_ILLEGAL")
    assert {one.verdict for one in receipts.values()} == {Verdict.ACCEPTED}
    assert sorted(received(sandbox)) == sorted(phone[3:] for phone in numbers(6))


@pytest.mark.parametrize("kind", ["reply_lost", "http_500", "html", "truncated"])
def test_a_lost_answer_to_the_making_of_a_task_makes_no_second_one(
    sandbox: Sandbox, platform: AliyunCall, kind: str
) -> None:
    sandbox.fault("aliyun_call", kind, match="CreateAiCallTask")
    assert {one.verdict for one in send(sandbox, *numbers(2)).values()} == {Verdict.ACCEPTED}
    assert [task.name for task in platform.tasks.values()] == ["batch-1"]
    assert len(received(sandbox)) == 2


def test_a_wrong_agent_is_the_campaigns_mistake(sandbox: Sandbox) -> None:
    with pytest.raises(Rejected, match="ParameterError"):
        send(sandbox, *numbers(2), agent="?")
    assert received(sandbox) == []


def test_a_lost_import_is_found_by_the_tasks_name(sandbox: Sandbox) -> None:
    phones = numbers(4)
    with CHANNEL.connect(sandbox.connection("aliyun_call")) as client:
        sandbox.fault("aliyun_call", "reply_lost", match="ImportTaskNumberDatas")
        with pytest.raises(DeliveryUnknown):
            client.send("batch-1", messages(*phones[:3]))
        # A name that contains ours is another's.
        client.send("batch-10", messages(phones[3]))
        found = {one.key: one for one in client.ask("batch-1", messages(*phones))}
        assert [one.verdict for one in found.values()] == [Verdict.ACCEPTED] * 3 + [Verdict.LATER]
        assert {one.verdict for one in client.ask("batch-2", messages(*phones))} == {Verdict.LATER}
        under_way = [replace(message, provider_id=found[message.key].provider_id) for message in messages(*phones[:3])]
        sandbox.advance_to(date(2026, 11, 21))
        assert {one.key for one in client.receipts(under_way)} == {message.key for message in under_way}


def test_results_are_receipts_and_those_still_to_be_called_are_left_out(sandbox: Sandbox, platform: AliyunCall) -> None:
    phones = numbers(150)
    taken = send(sandbox, *phones)
    under_way = [replace(message, provider_id=taken[message.key].provider_id) for message in messages(*phones)]
    with CHANNEL.connect(sandbox.connection("aliyun_call")) as client:
        first = list(client.receipts(under_way))
        assert 0 < len(first) < 150
        sandbox.advance_to(date(2026, 11, 21))
        told = {one.key: one for one in client.receipts(under_way)}
    assert len(told) == 150
    outcomes = {delivery["recipient"]: delivery["outcome"] for delivery in sandbox.deliveries("aliyun_call")}
    assert {key[7:]: one.verdict.value for key, one in told.items()} == outcomes
    assert {one.code for one in told.values()} > {"ANSWERED", "NO_ANSWER"}


def test_who_refused_on_the_phone_is_heard_once(sandbox: Sandbox, platform: AliyunCall) -> None:
    platform.unanswered, platform.refusing, platform.at_once = 0.0, 0.5, 1.0
    send(sandbox, *numbers(10))
    with CHANNEL.connect(sandbox.connection("aliyun_call")) as client:
        assert isinstance(client, HearsReplies)
        heard = list(client.replies(""))
        assert 0 < len(heard) < 10
        assert all(is_refusal(one.said) for one in heard)
        assert {one.address for one in heard} <= set(received(sandbox))
        assert list(client.replies(heard[-1].cursor)) == []
    assert "1390000" not in repr(heard)


def test_a_throttle_of_the_import_leaves_an_empty_task_and_no_call(sandbox: Sandbox) -> None:
    sandbox.fault("aliyun_call", "isv.DAY_LIMIT_CONTROL", match="ImportTaskNumberDatas")
    with pytest.raises(Throttled) as caught:
        send(sandbox, *numbers(2))
    assert caught.value.until is not None
    assert received(sandbox) == []


def test_an_empty_account_needs_a_person(sandbox: Sandbox) -> None:
    sandbox.fault("aliyun_call", "isv.AMOUNT_NOT_ENOUGH")
    with pytest.raises(NeedsPerson, match="AMOUNT_NOT_ENOUGH") as caught:
        send(sandbox, *numbers(1))
    assert caught.value.remedy


@pytest.mark.parametrize("missing", ["login", "password", "extra"])
def test_an_incomplete_connection_is_named(missing: str) -> None:
    fields: dict[str, Any] = {"login": "key", "password": "secret", "extra": {"virtual_number": "1"}}
    del fields[missing]
    where = Connection(name="aliyun_call", url="https://aiccs.aliyuncs.com", **fields)
    with pytest.raises(ConfigurationError, match="quanyu_aliyun_call"), CHANNEL.connect(where):
        pass
