"""Mass sends: the key against repeats, and unknown openids found without sending anything twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest

from quanyu.channels.official_account_mass import CHANNEL
from quanyu.contracts import Message, Receipt, Verdict
from quanyu.errors import Throttled
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    with running_sandbox(people=60) as running:
        yield running


def fans(sandbox: Sandbox) -> list[str]:
    return [fan.openid for fan in sandbox.world.followers if fan.follows(sandbox.clock.end)]


def send(sandbox: Sandbox, openids: Sequence[str], key: str = "batch-1") -> list[Receipt]:
    batch = [
        Message(key=f"key-{openid}", address=openid, template="送您{gift}", params={"gift": "茶"}) for openid in openids
    ]
    with CHANNEL.connect(sandbox.connection("official_account")) as client:
        return client.send(key, batch)


def received(sandbox: Sandbox) -> list[str]:
    return [delivery["recipient"] for delivery in sandbox.deliveries("official_account")]


def test_a_repeat_brings_the_first_sends_id_and_sends_nothing(sandbox: Sandbox) -> None:
    openids = fans(sandbox)[:3]
    first = send(sandbox, openids)
    sandbox.clock.elapse(120)
    again = send(sandbox, openids)
    assert [receipt.provider_id for receipt in again] == [receipt.provider_id for receipt in first]
    assert {(receipt.verdict, receipt.code) for receipt in again} == {(Verdict.ACCEPTED, "45065")}
    assert sorted(received(sandbox)) == sorted(openids)


def test_a_repeat_within_a_minute_names_the_time_to_wait(sandbox: Sandbox) -> None:
    openids = fans(sandbox)[:3]
    send(sandbox, openids)
    with pytest.raises(Throttled) as caught:
        send(sandbox, openids)
    assert caught.value.until is not None


def test_a_key_past_its_window_would_send_again(sandbox: Sandbox) -> None:
    """The window that the channel declares must not be longer than the platform's memory."""
    openids = fans(sandbox)[:2]
    send(sandbox, openids)
    sandbox.clock.elapse(timedelta(hours=24).total_seconds())
    send(sandbox, openids)
    assert len(received(sandbox)) == 4


@pytest.mark.parametrize("strangers", [1, 3])
def test_unknown_openids_are_found_by_looking_not_by_sending(sandbox: Sandbox, strangers: int) -> None:
    openids = fans(sandbox)[:9]
    unknown = [f"oStranger{number}" for number in range(strangers)]
    receipts = {receipt.key: receipt for receipt in send(sandbox, [*openids[:4], *unknown, *openids[4:]])}
    assert {receipts[f"key-{openid}"].verdict for openid in openids} == {Verdict.ACCEPTED}
    assert {(receipts[f"key-{one}"].verdict, receipts[f"key-{one}"].code) for one in unknown} == {
        (Verdict.REFUSED, "40003")
    }
    assert sorted(received(sandbox)) == sorted(openids)
    calls = [entry["path"] for entry in sandbox.journal("official_account")]
    assert calls.count("/cgi-bin/message/mass/send") == 2


def test_one_fan_left_over_waits_for_company(sandbox: Sandbox) -> None:
    openid = fans(sandbox)[0]
    receipts = {receipt.key: receipt.verdict for receipt in send(sandbox, [openid, "oStranger"])}
    assert receipts == {f"key-{openid}": Verdict.LATER, "key-oStranger": Verdict.REFUSED}
    assert received(sandbox) == []


def test_a_send_that_is_under_way_has_no_receipt_yet(sandbox: Sandbox) -> None:
    sandbox.platforms["official_account"].mass_sends.sending_seconds = 60  # type: ignore[attr-defined]
    openids = fans(sandbox)[:2]
    sent = [
        Message(key=receipt.key, address="", template="", provider_id=receipt.provider_id)
        for receipt in send(sandbox, openids)
    ]
    with CHANNEL.connect(sandbox.connection("official_account")) as client:
        assert list(client.receipts(sent)) == []
        sandbox.clock.elapse(60)
        assert {receipt.verdict for receipt in client.receipts(sent)} == {Verdict.DELIVERED}
        assert list(client.receipts([])) == []
