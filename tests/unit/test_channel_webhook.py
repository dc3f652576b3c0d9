"""What a receiver gets, checks and says, and where our calls may not go."""

from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook as Verifier

from quanyu.channels.webhook import CHANNEL
from quanyu.contracts import Connection, Message, Receipt, Verdict
from quanyu.errors import ConfigurationError, NeedsPerson, QuanyuError, Rejected, Retryable, SwitchedOff, Throttled
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox
from tests.sandbox.webhook import SECRET, Webhook

OTHER = "whsec_YW5vdGhlci1zYW5kYm94LXNlY3JldC0wMTIzNDU2Nzg5"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(people=5) as running:
        yield running


@pytest.fixture(autouse=True)
def nobody_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


def messages(count: int, **params: str) -> list[Message]:
    return [
        Message(
            key=hashlib.sha256(str(number).encode()).hexdigest(),
            address=f"person-{number}",
            template="{gift}等您来取",
            params={"gift": "好茶", **params},
        )
        for number in range(count)
    ]


def connection(sandbox: Sandbox, password: str = SECRET, **extra: Any) -> Connection:
    where = sandbox.connection("webhook")
    return Connection(name=where.name, url=where.url, password=password, extra={**where.extra, **extra})


def send(sandbox: Sandbox, batch: list[Message], password: str = SECRET, **extra: Any) -> dict[str, Receipt]:
    with CHANNEL.connect(connection(sandbox, password, **extra)) as client:
        return {receipt.key: receipt for receipt in client.send("batch", batch)}


def got(sandbox: Sandbox) -> list[str]:
    return sorted(delivery["recipient"] for delivery in sandbox.deliveries("webhook"))


def calls(sandbox: Sandbox) -> int:
    return len(sandbox.journal("webhook"))


def test_the_library_signs_as_the_specification_says() -> None:
    vectors = json.loads(
        (Path(__file__).parents[1] / "fixtures" / "signing_vectors_messaging.json").read_text(encoding="utf-8")
    )
    from datetime import UTC, datetime

    found = [vector for vector in vectors if vector["platform"] == "standard_webhooks"]
    assert len(found) == 2
    for vector in found:
        given = vector["params"]
        at = datetime.fromtimestamp(int(given["webhook-timestamp"]), UTC)
        assert Verifier(vector["secret"]).sign(given["webhook-id"], at, given["body"]) == vector["expected"]


def test_each_person_is_an_event_under_the_key_of_the_message(sandbox: Sandbox) -> None:
    batch = messages(30)
    receipts = send(sandbox, batch)
    assert {receipt.verdict for receipt in receipts.values()} == {Verdict.DELIVERED}
    assert got(sandbox) == sorted(message.address for message in batch)
    first = sandbox.deliveries("webhook")[0]["event"]
    assert sorted(first) == ["data", "timestamp", "type"]
    assert first["type"] == "quanyu.member"
    assert sorted(first["data"]) == ["one_id", "params", "text"]
    assert {delivery["provider_id"] for delivery in sandbox.deliveries("webhook")} == {m.key for m in batch}


def test_a_repeat_in_whatever_batch_is_dropped_by_the_receiver(sandbox: Sandbox) -> None:
    batch = messages(6)
    sandbox.fault("webhook", "reply_lost", times=2)
    first = send(sandbox, batch)
    assert [receipt.verdict for receipt in first.values()].count(Verdict.UNKNOWN) == 2
    unknown = [message for message in batch if first[message.key].verdict is Verdict.UNKNOWN]
    assert {receipt.verdict for receipt in send(sandbox, unknown).values()} == {Verdict.DELIVERED}
    assert got(sandbox) == sorted(message.address for message in batch)


@pytest.mark.parametrize("secrets", [f"{SECRET} {OTHER}", f"{OTHER} {SECRET}"])
@pytest.mark.parametrize("receivers", [SECRET, OTHER])
def test_while_a_secret_is_changed_either_end_may_be_first(sandbox: Sandbox, secrets: str, receivers: str) -> None:
    platform = sandbox.platforms["webhook"]
    assert isinstance(platform, Webhook)
    platform.secret = receivers
    assert len(send(sandbox, messages(2), secrets)) == 2
    assert len(got(sandbox)) == 2


def test_an_event_of_twenty_kilobytes_is_refused_alone(sandbox: Sandbox) -> None:
    small, large = messages(2)
    large = Message(key=large.key, address=large.address, template="x", params={"story": "长" * 7000})
    receipts = send(sandbox, [small, large])
    assert receipts[large.key].verdict is Verdict.REFUSED
    assert receipts[large.key].code == "too large"
    assert got(sandbox) == [small.address]


def test_an_event_that_the_receiver_does_not_want_is_refused_alone(sandbox: Sandbox) -> None:
    sandbox.fault("webhook", "unwanted")
    receipts = send(sandbox, messages(4))
    verdicts = [receipt.verdict for receipt in receipts.values()]
    assert verdicts.count(Verdict.REFUSED) == 1
    assert len(got(sandbox)) == 3


@pytest.mark.parametrize(
    ("kind", "error", "said"),
    [("gone", SwitchedOff, "410"), ("redirect", ConfigurationError, "redirect"), ("quota", Throttled, "429")],
)
def test_an_answer_about_the_endpoint_ends_the_batch(
    sandbox: Sandbox, kind: str, error: type[QuanyuError], said: str
) -> None:
    sandbox.fault("webhook", kind, times=999)
    with pytest.raises(error, match=said) as caught:
        send(sandbox, messages(200))
    assert got(sandbox) == []
    assert calls(sandbox) <= 16, "only what was under way already"
    assert caught.value.receipts == []


def test_a_throttle_names_its_time(sandbox: Sandbox) -> None:
    sandbox.fault("webhook", "quota", times=999)
    with pytest.raises(Throttled) as caught:
        send(sandbox, messages(2))
    assert caught.value.until is not None


def test_an_outage_ends_the_batch_and_what_was_not_called_goes_out_later(sandbox: Sandbox) -> None:
    sandbox.fault("webhook", "bad_gateway", times=999)
    receipts = send(sandbox, messages(200))
    verdicts = [receipt.verdict for receipt in receipts.values()]
    assert verdicts.count(Verdict.UNKNOWN) == calls(sandbox) == 64
    assert verdicts.count(Verdict.LATER) == 136


def test_a_page_of_a_gateway_is_no_answer_of_the_receiver(sandbox: Sandbox) -> None:
    sandbox.fault("webhook", "html")
    receipts = send(sandbox, messages(3))
    assert [receipt.verdict for receipt in receipts.values()].count(Verdict.UNKNOWN) == 1
    assert len(got(sandbox)) == 2


def test_a_wrong_secret_needs_a_person(sandbox: Sandbox) -> None:
    with pytest.raises(NeedsPerson, match="401") as caught:
        send(sandbox, messages(2), OTHER)
    assert OTHER not in str(caught.value)
    assert got(sandbox) == []


def test_a_wrong_path_is_said(sandbox: Sandbox) -> None:
    where = connection(sandbox)
    elsewhere = Connection(name="webhook", url=where.url + "/elsewhere", password=SECRET, extra=where.extra)
    with CHANNEL.connect(elsewhere) as client, pytest.raises(Rejected, match="404"):
        client.send("batch", messages(2))


def test_a_receiver_that_is_down_got_nothing(sandbox: Sandbox) -> None:
    sandbox.fault("webhook", "down")
    with pytest.raises(Retryable):
        send(sandbox, messages(2))


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.8", "172.16.3.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "::1", "fd00::1"]
)
def test_a_name_that_leads_inside_is_not_called(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # One public address beside it does not make it safe.
    found = [(family, socket.SOCK_STREAM, 6, "", (one, 443)) for one in ("93.184.216.34", address)]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_args, **_options: found)
    where = Connection(name="webhook", url="https://receiver.example/events", password=SECRET)
    with CHANNEL.connect(where) as client, pytest.raises(NeedsPerson, match="private address"):
        client.send("batch", messages(1))


@pytest.mark.parametrize(
    ("url", "password"),
    [
        ("http://receiver.example/events", SECRET),
        ("https://receiver.example/events", ""),
        ("https://receiver.example/events", "whsec_c2hvcnQ="),
        ("https://receiver.example/events", SECRET.removeprefix("whsec_")),
        ("https://receiver.example/events", f"{SECRET} whsec_!!!"),
    ],
)
def test_an_unsafe_or_incomplete_connection_is_named(url: str, password: str) -> None:
    where = Connection(name="webhook", url=url, password=password)
    with pytest.raises(ConfigurationError, match="quanyu_webhook"), CHANNEL.connect(where):
        pass
