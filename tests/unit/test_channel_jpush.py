"""What JPush's key is good for, who is told apart when no target is found, and what its refusals mean."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from quanyu.channels.jpush import CHANNEL, authorization
from quanyu.contracts import Connection, Message, Receipt, Verdict
from quanyu.errors import ConfigurationError, DeliveryUnknown, NeedsPerson, Rejected, Retryable, Throttled
from tests.sandbox import running_sandbox
from tests.sandbox.jpush import JPush
from tests.sandbox.server import Sandbox
from tests.sandbox.world.systems.tracking import registration_id

DAY = date(2026, 11, 20)
PUSH = "POST /v3/push"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(people=40, business_date=DAY) as running:
        yield running


@pytest.fixture(autouse=True)
def nobody_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


def platform(sandbox: Sandbox) -> JPush:
    found = sandbox.platforms["jpush"]
    assert isinstance(found, JPush)
    return found


def installs(sandbox: Sandbox, count: int) -> list[str]:
    return [registration_id(sandbox.world, person.id) for person in sandbox.world.people][:count]


def messages(*addresses: str, provider_key: str = "") -> list[Message]:
    return [
        Message(
            key=f"key-{address}",
            address=address,
            template="{gift}等您来取",
            params={"gift": "好茶"},
            provider_key=provider_key,
            sent_on=DAY + timedelta(days=1),
        )
        for address in addresses
    ]


def send(sandbox: Sandbox, *addresses: str) -> dict[str, Receipt]:
    with CHANNEL.connect(sandbox.connection("jpush")) as client:
        receipts = client.send("batch", messages(*addresses, provider_key=client.reserve("batch")))
    return {receipt.key: receipt for receipt in receipts}


def got(sandbox: Sandbox) -> list[str]:
    return sorted(delivery["recipient"] for delivery in sandbox.deliveries("jpush"))


def test_the_login_is_what_the_vendor_documents() -> None:
    vectors = json.loads(
        (Path(__file__).parents[1] / "fixtures" / "signing_vectors_messaging.json").read_text(encoding="utf-8")
    )
    (vector,) = [one for one in vectors if one["platform"] == "jpush"]
    assert authorization(vector["params"]["app_key"], vector["secret"]) == vector["expected"]


def test_a_batch_is_one_push(sandbox: Sandbox) -> None:
    wanted = installs(sandbox, 30)
    receipts = send(sandbox, *wanted)
    assert {receipt.verdict for receipt in receipts.values()} == {Verdict.ACCEPTED}
    assert len({receipt.provider_id for receipt in receipts.values()}) == 1
    assert got(sandbox) == sorted(wanted)
    assert {delivery["content"] for delivery in sandbox.deliveries("jpush")} == {"好茶等您来取"}


def test_a_repeat_under_the_same_cid_reaches_nobody_again(sandbox: Sandbox) -> None:
    wanted = installs(sandbox, 3)
    with CHANNEL.connect(sandbox.connection("jpush")) as client:
        batch = messages(*wanted, provider_key=client.reserve("batch"))
        sandbox.fault("jpush", "reply_lost", match=PUSH)
        with pytest.raises(DeliveryUnknown):
            client.send("batch", batch)
        receipts = client.send("batch", batch)
    assert {receipt.verdict for receipt in receipts} == {Verdict.ACCEPTED}
    assert got(sandbox) == sorted(wanted)


def test_every_reservation_is_a_key_of_its_own(sandbox: Sandbox) -> None:
    with CHANNEL.connect(sandbox.connection("jpush")) as client:
        assert client.reserve("batch-1") != client.reserve("batch-1")


@pytest.mark.parametrize("place", [0, 2, 4])
def test_where_one_stranger_stops_the_push_the_dry_run_finds_them(sandbox: Sandbox, place: int) -> None:
    platform(sandbox).is_strict = True
    wanted = installs(sandbox, 4)
    everybody = [*wanted[:place], "gone-for-good", *wanted[place:]]
    receipts = send(sandbox, *everybody)
    assert receipts["key-gone-for-good"].verdict is Verdict.REFUSED
    assert receipts["key-gone-for-good"].code == "1011"
    assert [receipts[f"key-{install}"].verdict for install in wanted] == [Verdict.ACCEPTED] * 4
    assert got(sandbox) == sorted(wanted)


def test_nobody_left_is_everybody_refused_and_no_further_push(sandbox: Sandbox) -> None:
    receipts = send(sandbox, "gone-1", "gone-2", "gone-3")
    assert {receipt.code for receipt in receipts.values()} == {"1011"}
    assert [entry["path"] for entry in sandbox.journal("jpush")].count(PUSH) == 1


def test_receipts_say_who_has_it_and_who_never_will(sandbox: Sandbox) -> None:
    wanted = installs(sandbox, 40)
    with CHANNEL.connect(sandbox.connection("jpush")) as client:
        sent = client.send("batch", messages(*wanted, "another-apps", provider_key=client.reserve("batch")))
        under_way = [
            replace(message, provider_id=receipt.provider_id)
            for message, receipt in zip(messages(*wanted, "another-apps"), sent, strict=True)
        ]
        first = {receipt.key: receipt for receipt in client.receipts(under_way)}
        sandbox.advance_to(DAY + timedelta(days=1))
        later = {receipt.key: receipt for receipt in client.receipts(under_way)}
    assert first["key-another-apps"].verdict is Verdict.FAILED
    assert first["key-another-apps"].code == "2"
    assert len(first) < len(later) == len(under_way), "an install that was offline is heard of the next day"
    outcomes = {delivery["recipient"]: delivery["outcome"] for delivery in sandbox.deliveries("jpush")}
    for install in wanted:
        expected = Verdict.FAILED if outcomes[install] == "failed" else Verdict.DELIVERED
        assert later[f"key-{install}"].verdict is expected


def test_an_account_without_receipts_leaves_messages_as_they_are(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    (message,) = messages(*installs(sandbox, 1))
    unknown_push = replace(message, provider_id="1")
    with CHANNEL.connect(sandbox.connection("jpush")) as client:
        assert list(client.receipts([unknown_push])) == []
    assert "no receipts of push 1" in caplog.text


def test_a_throttle_is_waited_for(sandbox: Sandbox) -> None:
    sandbox.fault("jpush", "throttle", times=2, match=PUSH)
    send(sandbox, *installs(sandbox, 2))
    assert len(got(sandbox)) == 2


def test_a_throttle_that_does_not_end_is_said(sandbox: Sandbox) -> None:
    sandbox.fault("jpush", "throttle", times=99, match=PUSH)
    with pytest.raises(Throttled):
        send(sandbox, *installs(sandbox, 2))
    assert got(sandbox) == []


def test_a_wrong_parameter_is_nobodys_refusal(sandbox: Sandbox) -> None:
    with CHANNEL.connect(sandbox.connection("jpush")) as client, pytest.raises(Rejected, match="1003"):
        client.send("batch", messages(*installs(sandbox, 1), provider_key="not-a-cid"))


def test_a_wrong_secret_needs_a_person(sandbox: Sandbox) -> None:
    right = sandbox.connection("jpush")
    wrong = Connection(name="jpush", url=right.url, login=right.login, password="not-the-secret", extra=right.extra)
    with CHANNEL.connect(wrong) as client, pytest.raises(NeedsPerson, match="1004") as caught:
        client.reserve("batch")
    assert "not-the-secret" not in str(caught.value)


def test_a_platform_that_is_down_got_nothing(sandbox: Sandbox) -> None:
    sandbox.fault("jpush", "down")
    with CHANNEL.connect(sandbox.connection("jpush")) as client, pytest.raises(Retryable):
        client.send("batch", messages(*installs(sandbox, 1), provider_key="a-cid"))


def test_an_incomplete_connection_is_named() -> None:
    where = Connection(name="jpush", url="https://api.jpush.cn/v3", login="key")
    with pytest.raises(ConfigurationError, match="quanyu_jpush"), CHANNEL.connect(where):
        pass
