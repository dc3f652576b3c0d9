"""What Getui says of each install, what a repeat does, and when a token is renewed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from quanyu.channels.getui import CHANNEL, sign
from quanyu.contracts import Connection, Message, Receipt, Verdict
from quanyu.errors import ConfigurationError, NeedsPerson, Rejected, Retryable, Throttled
from tests.sandbox import running_sandbox
from tests.sandbox.getui import Getui
from tests.sandbox.server import Sandbox
from tests.sandbox.world.systems.tracking import registration_id


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(people=40) as running:
        yield running


@pytest.fixture(autouse=True)
def nobody_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


def platform(sandbox: Sandbox) -> Getui:
    found = sandbox.platforms["getui"]
    assert isinstance(found, Getui)
    return found


def installs(sandbox: Sandbox, count: int) -> list[str]:
    return [registration_id(sandbox.world, person.id) for person in sandbox.world.people][:count]


def key_of(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()


def messages(*addresses: str, template: str = "{gift}等您来取") -> list[Message]:
    return [
        Message(key=key_of(address), address=address, template=template, params={"gift": f"好茶{number}"})
        for number, address in enumerate(addresses)
    ]


def send(sandbox: Sandbox, *addresses: str) -> dict[str, Receipt]:
    with CHANNEL.connect(sandbox.connection("getui")) as client:
        return {receipt.key: receipt for receipt in client.send("batch", messages(*addresses))}


def got(sandbox: Sandbox) -> list[str]:
    return sorted(delivery["recipient"] for delivery in sandbox.deliveries("getui"))


def logins(sandbox: Sandbox) -> int:
    return sum(entry["path"] == "/auth" for entry in sandbox.journal("getui"))


def test_the_signature_is_what_the_vendors_client_computes() -> None:
    vectors = json.loads(
        (Path(__file__).parents[1] / "fixtures" / "signing_vectors_messaging.json").read_text(encoding="utf-8")
    )
    (vector,) = [one for one in vectors if one["platform"] == "getui_v2"]
    given = vector["params"]
    assert sign(given["appkey"], given["timestamp"], vector["secret"]) == vector["expected"]


def test_each_install_gets_a_text_of_its_own(sandbox: Sandbox) -> None:
    wanted = installs(sandbox, 30)
    receipts = send(sandbox, *wanted)
    assert {receipt.verdict for receipt in receipts.values()} == {Verdict.ACCEPTED}
    assert got(sandbox) == sorted(wanted)
    assert len({delivery["content"] for delivery in sandbox.deliveries("getui")}) == 30
    assert logins(sandbox) == 1


def test_a_repeat_of_the_same_message_is_dropped(sandbox: Sandbox) -> None:
    wanted = installs(sandbox, 5)
    sandbox.fault("getui", "reply_lost", match="/push/single/cid")
    first = send(sandbox, *wanted)
    assert sorted(receipt.verdict for receipt in first.values()).count(Verdict.UNKNOWN) == 1
    again = send(sandbox, *wanted)
    assert {receipt.verdict for receipt in again.values()} == {Verdict.ACCEPTED}
    assert got(sandbox) == sorted(wanted)


def test_an_install_without_a_sign_of_life_is_refused(sandbox: Sandbox) -> None:
    alive, silent = installs(sandbox, 2)
    platform(sandbox).inactive.add(silent)
    receipts = send(sandbox, alive, silent)
    assert receipts[key_of(silent)].verdict is Verdict.REFUSED
    assert receipts[key_of(silent)].code == "successed_ignore"
    assert receipts[key_of(alive)].verdict is Verdict.ACCEPTED


def test_an_unknown_install_is_refused_alone(sandbox: Sandbox) -> None:
    wanted = installs(sandbox, 3)
    receipts = send(sandbox, *wanted, "0" * 32)
    assert receipts[key_of("0" * 32)].code == "20001"
    assert got(sandbox) == sorted(wanted)


def test_a_wrong_text_is_nobodys_refusal(sandbox: Sandbox) -> None:
    batch = messages(*installs(sandbox, 2), template="长" * 300)
    with CHANNEL.connect(sandbox.connection("getui")) as client, pytest.raises(Rejected, match="20001"):
        client.send("batch", batch)
    assert got(sandbox) == []


def test_a_token_that_died_is_renewed_and_nobody_is_lost(sandbox: Sandbox) -> None:
    wanted = installs(sandbox, 20)
    with CHANNEL.connect(sandbox.connection("getui")) as client:
        client.send("batch-1", messages(*wanted[:5]))
        platform(sandbox).kill_tokens()
        receipts = client.send("batch-2", messages(*wanted[5:]))
    assert {receipt.verdict for receipt in receipts} == {Verdict.ACCEPTED}
    assert got(sandbox) == sorted(wanted)
    assert logins(sandbox) == 2


def test_a_token_is_renewed_an_hour_before_it_ends(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    from quanyu.settings import utc_now

    one, other = installs(sandbox, 2)
    with CHANNEL.connect(sandbox.connection("getui")) as client:
        client.send("batch-1", messages(one))
        monkeypatch.setattr("quanyu.tokens.utc_now", lambda: utc_now() + timedelta(hours=23, minutes=5))
        client.send("batch-2", messages(other))
    assert logins(sandbox) == 2


def test_too_many_calls_wait_for_the_next_minute(sandbox: Sandbox) -> None:
    sandbox.fault("getui", "throttle", times=99, match="/push/single/cid")
    with pytest.raises(Throttled) as caught:
        send(sandbox, *installs(sandbox, 3))
    assert caught.value.until is not None
    assert caught.value.until.second == 0
    assert got(sandbox) == []


def test_what_was_said_before_a_throttle_is_kept(sandbox: Sandbox) -> None:
    sandbox.fault("getui", "throttle", after=2, match="/push/single/cid", times=99)
    with pytest.raises(Throttled) as caught:
        send(sandbox, *installs(sandbox, 10))
    kept = {receipt.key for receipt in caught.value.receipts if receipt.verdict is Verdict.ACCEPTED}
    assert kept == {key_of(address) for address in got(sandbox)}
    assert len(kept) == 2


def test_a_platform_that_is_down_got_nothing(sandbox: Sandbox) -> None:
    sandbox.fault("getui", "down")
    with pytest.raises(Retryable):
        send(sandbox, *installs(sandbox, 2))


def test_a_wrong_secret_needs_a_person(sandbox: Sandbox) -> None:
    right = sandbox.connection("getui")
    wrong = Connection(name="getui", url=right.url, login=right.login, password="not-the-secret", extra=right.extra)
    with CHANNEL.connect(wrong) as client, pytest.raises(NeedsPerson) as caught:
        client.send("batch", messages(*installs(sandbox, 2)))
    assert "not-the-secret" not in str(caught.value)


@pytest.mark.parametrize("wrong", [{"app_id": ""}, {"title": ""}, {"title": "长" * 51}])
def test_an_incomplete_connection_is_named(wrong: dict[str, Any]) -> None:
    extra = {"app_id": "app", "title": "全域商城", **wrong}
    where = Connection(name="getui", url="https://restapi.getui.com", login="key", password="secret", extra=extra)
    with pytest.raises(ConfigurationError, match="quanyu_getui"), CHANNEL.connect(where):
        pass
