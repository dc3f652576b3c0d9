"""What each refusal of Aliyun means for a batch, and finding out what became of one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from quanyu.activation import HearsReplies
from quanyu.channels.aliyun_sms import CHANNEL
from quanyu.contracts import Connection, Message, Receipt, Verdict
from quanyu.errors import (
    ConfigurationError,
    DeliveryUnknown,
    NeedsPerson,
    QuanyuError,
    Rejected,
    Retryable,
    Throttled,
)
from tests.sandbox import running_sandbox
from tests.sandbox.aliyun_sms import AliyunSms
from tests.sandbox.server import Sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(people=30) as running:
        yield running


@pytest.fixture(autouse=True)
def nobody_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


def messages(*phones: str) -> list[Message]:
    return [
        Message(
            key=f"key-{phone}",
            address=phone,
            template="SMS_999000001",
            params={"valid_until": "12月1日"},
            sent_on=date(2026, 11, 21),
        )
        for phone in phones
    ]


def numbers(count: int) -> list[str]:
    return [f"+861390000{number:04d}" for number in range(count)]


def send(sandbox: Sandbox, *phones: str) -> dict[str, Receipt]:
    with CHANNEL.connect(sandbox.connection("aliyun_sms")) as client:
        return {receipt.key: receipt for receipt in client.send("batch-1", messages(*phones))}


def received(sandbox: Sandbox) -> list[str]:
    return [delivery["recipient"] for delivery in sandbox.deliveries("aliyun_sms")]


def test_a_batch_is_one_call_with_parameters_of_its_own(sandbox: Sandbox) -> None:
    receipts = send(sandbox, *numbers(100))
    assert {receipt.verdict for receipt in receipts.values()} == {Verdict.ACCEPTED}
    assert len({receipt.provider_id for receipt in receipts.values()}) == 1
    assert len(received(sandbox)) == 100
    assert [entry["outcome"] for entry in sandbox.journal("aliyun_sms")] == ["OK"]
    assert "12月1日" in sandbox.deliveries("aliyun_sms")[0]["content"]


@pytest.mark.parametrize("place", [0, 3, 6])
def test_an_illegal_number_is_found_and_the_others_get_theirs_once(sandbox: Sandbox, place: int) -> None:
    phones = numbers(6)
    phones.insert(place, "+85251234567")
    receipts = send(sandbox, *phones)
    assert receipts["key-+85251234567"].verdict is Verdict.REFUSED
    assert receipts["key-+85251234567"].code == "isv.MOBILE_NUMBER_ILLEGAL"
    assert [receipts[f"key-{phone}"].verdict for phone in numbers(6)] == [Verdict.ACCEPTED] * 6
    assert sorted(received(sandbox)) == sorted(phone[3:] for phone in numbers(6))


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("isv.AMOUNT_NOT_ENOUGH", NeedsPerson),
        ("isv.OUT_OF_SERVICE", NeedsPerson),
        ("isv.SMS_SIGNATURE_ILLEGAL", NeedsPerson),
        ("isv.SMS_TEMPLATE_ILLEGAL", Rejected),
        ("isv.TEMPLATE_MISSING_PARAMETERS", Rejected),
        ("isv.DAY_LIMIT_CONTROL", Throttled),
    ],
)
def test_a_refusal_of_the_whole_call_says_what_to_do(sandbox: Sandbox, code: str, error: type[QuanyuError]) -> None:
    sandbox.fault("aliyun_sms", code)
    with pytest.raises(error, match=code.replace(".", r"\.")) as caught:
        send(sandbox, *numbers(2))
    assert caught.value.remedy
    assert received(sandbox) == []


def test_a_throttle_is_waited_for_and_signed_anew(sandbox: Sandbox) -> None:
    sandbox.fault("aliyun_sms", "throttle", times=2)
    assert len(send(sandbox, *numbers(2))) == 2
    assert len(received(sandbox)) == 2


def test_an_error_after_half_of_a_batch_is_out_speaks_for_the_other_half_only(sandbox: Sandbox) -> None:
    phones = [*numbers(2), "+85251234567", numbers(4)[3]]
    # The whole is refused, the first half is taken, the second half is lost on its way back.
    sandbox.fault("aliyun_sms", "reply_lost", after=2)
    receipts = send(sandbox, *phones)
    assert [receipts[f"key-{phone}"].verdict for phone in phones] == [
        Verdict.ACCEPTED,
        Verdict.ACCEPTED,
        Verdict.UNKNOWN,
        Verdict.UNKNOWN,
    ]
    sandbox.clear()


@pytest.mark.parametrize("kind", ["reply_lost", "truncated", "http_500", "html", "reset"])
def test_whatever_leaves_doubt_is_delivery_unknown(sandbox: Sandbox, kind: str) -> None:
    sandbox.fault("aliyun_sms", kind)
    with pytest.raises(DeliveryUnknown):
        send(sandbox, *numbers(2))
    assert len(sandbox.journal("aliyun_sms")) == 1, "a call that may have been carried out is not repeated"


def test_a_platform_that_is_down_got_nothing(sandbox: Sandbox) -> None:
    sandbox.fault("aliyun_sms", "down")
    with pytest.raises(Retryable):
        send(sandbox, *numbers(2))


def test_asking_finds_what_was_taken_and_what_never_arrived(sandbox: Sandbox) -> None:
    platform = sandbox.platforms["aliyun_sms"]
    assert isinstance(platform, AliyunSms)
    phones = numbers(3)
    with CHANNEL.connect(sandbox.connection("aliyun_sms")) as client:
        client.send("batch-0", messages(*phones))
        client.send("batch-1", messages(*phones[:2]))
        found = client.ask("batch-1", messages(*phones))
        assert [receipt.verdict is Verdict.LATER for receipt in found] == [False, False, True]
        again = [
            Message(key=message.key, address=message.address, template="", sent_on=message.sent_on, provider_id=given)
            for message, given in zip(messages(*phones), [receipt.provider_id for receipt in found], strict=True)
        ]
        finals = {receipt.key: receipt.verdict for receipt in client.receipts(again)}
    assert set(finals.values()) <= {Verdict.DELIVERED, Verdict.FAILED}
    assert f"key-{phones[2]}" not in finals


def test_no_error_shows_a_number_or_the_secret(sandbox: Sandbox) -> None:
    wrong = sandbox.connection("aliyun_sms")
    wrong = Connection(name=wrong.name, url=wrong.url, login=wrong.login, password="not-the-secret", extra=wrong.extra)
    with CHANNEL.connect(wrong) as client, pytest.raises(NeedsPerson) as caught:
        client.ask("batch-1", messages(*numbers(1)))
    assert "not-the-secret" not in str(caught.value)
    assert "13900000000" not in str(caught.value)
    assert "canonical" not in str(caught.value)
    sandbox.fault("aliyun_sms", "html", times=9)
    with CHANNEL.connect(sandbox.connection("aliyun_sms")) as client, pytest.raises(Retryable) as ill:
        client.ask("batch-1", messages(*numbers(1)))
    assert "13900000000" not in str(ill.value)


def test_replies_come_from_the_brands_collector_each_once(sandbox: Sandbox) -> None:
    platform = sandbox.platforms["aliyun_sms"]
    assert isinstance(platform, AliyunSms)
    send(sandbox, *numbers(2))
    platform.reply("13900000000", "TD")
    platform.reply("13900000001", "谢谢")
    where = sandbox.connection("aliyun_sms")
    extra = {**where.extra, "replies_url": f"{where.url}/sandbox/sms_up"}
    listening = Connection(name=where.name, url=where.url, login=where.login, password=where.password, extra=extra)
    with CHANNEL.connect(listening) as client:
        assert isinstance(client, HearsReplies)
        heard = list(client.replies(""))
        assert [(reply.address, reply.said) for reply in heard] == [("13900000000", "TD"), ("13900000001", "谢谢")]
        assert all(reply.at.utcoffset() == timedelta(hours=8) for reply in heard)
        assert [reply.said for reply in client.replies(heard[0].cursor)] == ["谢谢"]
    assert "13900000000" not in repr(heard)


def test_without_a_collector_nobody_is_heard() -> None:
    where = Connection(name="aliyun_sms", url="https://x.example", login="a", password="b", extra={"sign_name": "c"})
    with CHANNEL.connect(where) as client:
        assert isinstance(client, HearsReplies)
        assert list(client.replies("")) == []


@pytest.mark.parametrize("missing", ["login", "password", "extra"])
def test_an_incomplete_connection_is_named(missing: str) -> None:
    fields: dict[str, Any] = {"login": "key", "password": "secret", "extra": {"sign_name": "x"}}
    del fields[missing]
    where = Connection(name="aliyun_sms", url="https://dysmsapi.aliyuncs.com", **fields)
    with pytest.raises(ConfigurationError, match="quanyu_aliyun_sms"), CHANNEL.connect(where):
        pass
