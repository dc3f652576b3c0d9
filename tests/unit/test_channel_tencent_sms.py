"""Signing as Tencent Cloud publishes it; numbers with outcomes of their own; queues that hand each row out once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from quanyu.activation import HearsReplies
from quanyu.activation.refusals import is_refusal
from quanyu.channels.tencent_sms import CHANNEL
from quanyu.contracts import SHANGHAI, Connection, Message, Receipt, Verdict
from quanyu.errors import ConfigurationError, DeliveryUnknown, NeedsPerson, QuanyuError, Rejected, Retryable, Throttled
from quanyu.tencent_cloud import authorization
from tests.fixtures.source_server import says, scripted
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox
from tests.sandbox.tencent_sms import TencentSms

VECTORS = [
    vector
    for vector in json.loads(
        (Path(__file__).parents[1] / "fixtures" / "signing_vectors_messaging.json").read_text(encoding="utf-8")
    )
    if vector["algorithm"] == "TC3-HMAC-SHA256"
]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["signature"][:8])
def test_the_signature_is_what_the_vendor_and_its_sdk_compute(vector: dict[str, Any]) -> None:
    given = vector["params"]
    # The vendor's own example has no time among its parameters that is not in the string to sign.
    at = int(vector["string_to_sign"].split("\n")[1])
    made = authorization(
        given["secret_id"], vector["secret"], given["service"], given["headers_signed"], at, given["body"].encode()
    )
    assert made == vector["expected"]


def test_the_vendors_own_example_is_among_the_vectors() -> None:
    assert len(VECTORS) == 3
    assert any(vector["signature"].startswith("72e494ea") for vector in VECTORS)


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    with running_sandbox(people=30) as running:
        yield running


@pytest.fixture
def platform(sandbox: Sandbox) -> TencentSms:
    found = sandbox.platforms["tencent_sms"]
    assert isinstance(found, TencentSms)
    return found


def messages(*phones: str) -> list[Message]:
    return [
        Message(
            key=f"key-{phone}",
            address=phone,
            template="2480001:name,gift",
            params={"gift": "好茶", "name": "张三"},
            sent_on=date(2026, 11, 21),
        )
        for phone in phones
    ]


def numbers(count: int) -> list[str]:
    return [f"+861390000{number:04d}" for number in range(count)]


def send(sandbox: Sandbox, *phones: str) -> dict[str, Receipt]:
    with CHANNEL.connect(sandbox.connection("tencent_sms")) as client:
        return {receipt.key: receipt for receipt in client.send("batch-1", messages(*phones))}


def received(sandbox: Sandbox) -> list[str]:
    return [delivery["recipient"] for delivery in sandbox.deliveries("tencent_sms")]


def sent(receipts: dict[str, Receipt]) -> list[Message]:
    return [
        replace(message, provider_id=receipts[message.key].provider_id)
        for message in messages(*(key.removeprefix("key-") for key in receipts))
    ]


def test_a_batch_is_one_call_and_each_number_has_its_own_serial(sandbox: Sandbox) -> None:
    receipts = send(sandbox, *numbers(200))
    assert {receipt.verdict for receipt in receipts.values()} == {Verdict.ACCEPTED}
    assert len({receipt.provider_id for receipt in receipts.values()}) == 200
    assert [entry["outcome"] for entry in sandbox.journal("tencent_sms")] == ["OK"]


def test_parameters_go_in_the_order_in_which_the_approved_text_names_them(
    sandbox: Sandbox, platform: TencentSms
) -> None:
    platform.templates["2480001"] = "{1}，您的{2}到了"
    send(sandbox, *numbers(1))
    assert sandbox.deliveries("tencent_sms")[0]["content"] == "【全域商城】张三，您的好茶到了"


def test_numbers_are_refused_each_on_its_own(sandbox: Sandbox, platform: TencentSms) -> None:
    good, blocked, bad, abroad = "+8613900000001", "+8613900000002", "+8612345", "+85251234567"
    platform.blocked.add("13900000002")
    receipts = send(sandbox, good, blocked, bad, abroad)
    assert {key.removeprefix("key-"): (one.verdict, one.code) for key, one in receipts.items()} == {
        good: (Verdict.ACCEPTED, ""),
        blocked: (Verdict.REFUSED, "FailedOperation.PhoneNumberInBlacklist"),
        bad: (Verdict.REFUSED, "InvalidParameterValue.IncorrectPhoneNumber"),
        abroad: (Verdict.REFUSED, "UnsupportedOperation.UnsuportedRegion"),
    }
    assert received(sandbox) == ["13900000001"]


def test_a_batch_of_blocked_numbers_is_refused_and_no_error(sandbox: Sandbox, platform: TencentSms) -> None:
    platform.blocked |= {"13900000000", "13900000001"}
    assert {receipt.verdict for receipt in send(sandbox, *numbers(2)).values()} == {Verdict.REFUSED}


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("FailedOperation.InsufficientBalanceInSmsPackage", NeedsPerson),
        ("FailedOperation.SignatureIncorrectOrUnapproved", NeedsPerson),
        ("FailedOperation.TemplateIncorrectOrUnapproved", Rejected),
        ("FailedOperation.ContainSensitiveWord", Rejected),
        ("LimitExceeded.AppDailyLimit", Throttled),
    ],
)
def test_a_code_that_speaks_for_the_whole_call_says_what_to_do(
    sandbox: Sandbox, code: str, error: type[QuanyuError]
) -> None:
    sandbox.fault("tencent_sms", code)
    with pytest.raises(error, match=code.replace(".", r"\.")) as caught:
        send(sandbox, *numbers(2))
    assert caught.value.remedy
    assert received(sandbox) == []


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("FailedOperation.MarketingSendTimeConstraint", Verdict.LATER),
        ("LimitExceeded.DeliveryFrequencyLimit", Verdict.LATER),
        ("InternalError.SendAndRecvFail", Verdict.UNKNOWN),
    ],
)
def test_what_passes_is_put_off_and_what_leaves_doubt_stays_in_doubt(
    sandbox: Sandbox, code: str, verdict: Verdict
) -> None:
    sandbox.fault("tencent_sms", code)
    assert {(one.verdict, one.code) for one in send(sandbox, *numbers(2)).values()} == {(verdict, code)}


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("FailedOperation.MarketingSendTimeConstraint", Throttled),
        ("LimitExceeded.GlobalSmsSendingRateLimit", Throttled),
        ("InternalError.Timeout", DeliveryUnknown),
        ("InternalError.SigVerificationFail", Rejected),
        ("InternalError.RequestTimeException", NeedsPerson),
        ("UnauthorizedOperation.SerivceSuspendDueToArrears", NeedsPerson),
    ],
)
def test_an_error_instead_of_outcomes_says_the_same(sandbox: Sandbox, code: str, error: type[QuanyuError]) -> None:
    where = sandbox.connection("tencent_sms")
    answer = {"Response": {"Error": {"Code": code, "Message": "13900000000"}, "RequestId": "1"}}
    with scripted(says(answer)) as server, CHANNEL.connect(replace(where, url=server.url)) as client:
        with pytest.raises(error, match=code.replace(".", r"\.")) as caught:
            client.send("batch-1", messages(*numbers(1)))
        assert len(server.calls) == 1
    assert "13900000000" not in str(caught.value)
    if code.endswith("TimeConstraint"):
        assert isinstance(caught.value, Throttled)
        assert caught.value.until is not None
        assert caught.value.until.astimezone(SHANGHAI).hour == 8


def test_an_error_after_the_first_call_keeps_what_that_call_brought(sandbox: Sandbox) -> None:
    """Numbers abroad go in a call of their own, the second one."""
    sandbox.fault("tencent_sms", "LimitExceeded.AppDailyLimit", after=1)
    with pytest.raises(Throttled) as caught:
        send(sandbox, "+8613900000001", "+85251234567")
    assert [(one.key, one.verdict) for one in caught.value.receipts] == [("key-+8613900000001", Verdict.ACCEPTED)]
    sandbox.clear()
    sandbox.fault("tencent_sms", "reply_lost", after=1)
    receipts = send(sandbox, "+8613900000003", "+85251234567")
    assert [one.verdict for one in receipts.values()] == [Verdict.ACCEPTED, Verdict.UNKNOWN]


@pytest.mark.parametrize("kind", ["reply_lost", "truncated", "http_500", "html", "reset"])
def test_whatever_leaves_doubt_is_delivery_unknown(sandbox: Sandbox, kind: str) -> None:
    sandbox.fault("tencent_sms", kind)
    with pytest.raises(DeliveryUnknown):
        send(sandbox, *numbers(2))
    assert len(sandbox.journal("tencent_sms")) == 1, "a call that may have been carried out is not repeated"


def test_a_platform_that_is_down_got_nothing(sandbox: Sandbox) -> None:
    sandbox.fault("tencent_sms", "down")
    with pytest.raises(Retryable):
        send(sandbox, *numbers(2))


def test_asking_finds_what_was_reported_of_this_batch_and_guesses_nothing_else(
    sandbox: Sandbox, platform: TencentSms
) -> None:
    platform.messages.failed = platform.messages.late = 0.0
    platform.messages.lost = 0.5
    phones = numbers(8)
    with CHANNEL.connect(sandbox.connection("tencent_sms")) as client:
        client.send("batch-0", messages(*phones))
        taken = {one.key: one.provider_id for one in client.send("batch-1", messages(*phones[:7]))}
        found = {one.key: one for one in client.ask("batch-1", messages(*phones))}
    assert {one.verdict for one in found.values()} == {Verdict.DELIVERED, Verdict.UNKNOWN}
    assert found[f"key-{phones[7]}"].verdict is Verdict.UNKNOWN, "the report of another batch is not ours"
    told = {key: one.provider_id for key, one in found.items() if one.verdict is Verdict.DELIVERED}
    assert told.items() <= taken.items()


def test_a_day_that_is_too_old_to_be_asked_about_stays_unknown(sandbox: Sandbox) -> None:
    sandbox.advance_to(date(2026, 11, 20))
    old = [replace(message, sent_on=date(2026, 11, 1)) for message in messages(*numbers(1))]
    with CHANNEL.connect(sandbox.connection("tencent_sms")) as client:
        assert [one.verdict for one in client.ask("batch-1", old)] == [Verdict.UNKNOWN]


def test_receipts_come_from_the_queue_and_by_number_where_it_says_nothing(
    sandbox: Sandbox, platform: TencentSms
) -> None:
    platform.messages.lost = platform.messages.late = 0.0
    under_way = sent(send(sandbox, *numbers(130)))
    with CHANNEL.connect(sandbox.connection("tencent_sms")) as client:
        told = list(client.receipts(under_way))
        assert {one.key for one in told} == {message.key for message in under_way}
        assert {one.verdict for one in told} <= {Verdict.DELIVERED, Verdict.FAILED}
        assert all(one.at for one in told)
        pulls = [entry["path"] for entry in sandbox.journal("tencent_sms")]
        assert pulls.count("PullSmsSendStatus") == 3
        assert "PullSmsSendStatusByPhoneNumber" not in pulls
        # Handed out once: the queue is empty, each number is asked about.
        assert {one.key for one in client.receipts(under_way)} == {message.key for message in under_way}
    assert sandbox.journal("tencent_sms")[-1]["path"] == "PullSmsSendStatusByPhoneNumber"


def test_a_lost_answer_of_the_queue_loses_no_receipt(sandbox: Sandbox, platform: TencentSms) -> None:
    platform.messages.lost = platform.messages.late = 0.0
    under_way = sent(send(sandbox, *numbers(130)))
    sandbox.fault("tencent_sms", "reply_lost", match="PullSmsSendStatus")
    with CHANNEL.connect(sandbox.connection("tencent_sms")) as client:
        assert {one.key for one in client.receipts(under_way)} == {message.key for message in under_way}


def test_what_the_queue_handed_out_is_kept_whatever_the_next_call_meets(
    sandbox: Sandbox, platform: TencentSms, caplog: pytest.LogCaptureFixture
) -> None:
    platform.messages.lost = platform.messages.late = 0.0
    under_way = sent(send(sandbox, *numbers(130)))
    sandbox.fault("tencent_sms", "http_500", match="PullSmsSendStatus", after=1, times=99)
    with CHANNEL.connect(sandbox.connection("tencent_sms")) as client:
        assert len(list(client.receipts(under_way))) == 100
    assert "the next time" in caplog.text


def test_without_a_queue_receipts_are_asked_for_by_number(sandbox: Sandbox, platform: TencentSms) -> None:
    platform.messages.lost = platform.messages.late = 0.0
    under_way = sent(send(sandbox, *numbers(3)))
    sandbox.fault("tencent_sms", "no_queue")
    with CHANNEL.connect(sandbox.connection("tencent_sms")) as client:
        assert len(list(client.receipts(under_way))) == 3


def test_replies_are_heard_once_and_who_refused_is_blocked(sandbox: Sandbox, platform: TencentSms) -> None:
    send(sandbox, *numbers(2))
    platform.reply("13900000000", "TD")
    platform.reply("13900000001", "谢谢")
    with CHANNEL.connect(sandbox.connection("tencent_sms")) as client:
        assert isinstance(client, HearsReplies)
        heard = list(client.replies(""))
        assert [(one.address, is_refusal(one.said)) for one in heard] == [
            ("+8613900000000", True),
            ("+8613900000001", False),
        ]
        assert all(one.at.utcoffset() == timedelta() for one in heard)
        assert list(client.replies(heard[-1].cursor)) == []
    assert "13900000000" not in repr(heard)
    assert send(sandbox, *numbers(1))["key-+8613900000000"].code == "FailedOperation.PhoneNumberInBlacklist"


def test_no_error_shows_a_number_or_the_secret(sandbox: Sandbox) -> None:
    right = sandbox.connection("tencent_sms")
    wrong = Connection(name=right.name, url=right.url, login=right.login, password="not-the-secret", extra=right.extra)
    with CHANNEL.connect(wrong) as client, pytest.raises(NeedsPerson) as caught:
        client.ask("batch-1", messages(*numbers(1)))
    assert "not-the-secret" not in str(caught.value)
    sandbox.fault("tencent_sms", "html", times=9)
    with CHANNEL.connect(right) as client, pytest.raises(Retryable) as ill:
        client.ask("batch-1", messages(*numbers(1)))
    assert "13900000000" not in str(ill.value)


def test_a_number_that_cannot_be_asked_about_leaves_the_others_their_answer(sandbox: Sandbox) -> None:
    with CHANNEL.connect(sandbox.connection("tencent_sms")) as client:
        found = client.ask("batch-1", messages("+85251234567", *numbers(1)))
    assert [one.verdict for one in found] == [Verdict.UNKNOWN] * 2


@pytest.mark.parametrize("missing", ["login", "password", "sdk_app_id", "sign_name"])
def test_an_incomplete_connection_is_named(missing: str) -> None:
    extra = {"sdk_app_id": "1400006666", "sign_name": "x"}
    fields: dict[str, Any] = {"login": "id", "password": "key", "extra": extra}
    extra.pop(missing, None)
    fields.pop(missing, None)
    where = Connection(name="tencent_sms", url="https://sms.tencentcloudapi.com", **fields)
    with pytest.raises(ConfigurationError, match="quanyu_tencent_sms"), CHANNEL.connect(where):
        pass
