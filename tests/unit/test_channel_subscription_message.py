"""Subscription messages: one consent is one message, and values that do not fit their field spend none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from quanyu.channels.subscription_message import CHANNEL
from quanyu.contracts import Message, Neither, Receipt, Verdict
from quanyu.errors import Rejected
from tests.sandbox import running_sandbox
from tests.sandbox.mini_program import MiniProgram
from tests.sandbox.server import Sandbox
from tests.sandbox.world.openids import MINI_APPID, openid

SENT_ON = date(2026, 11, 21)


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    with running_sandbox(people=40) as running:
        yield running


@pytest.fixture
def platform(sandbox: Sandbox) -> MiniProgram:
    found = sandbox.platforms["mini_program"]
    assert isinstance(found, MiniProgram)
    found.notices.templates["SUB_GIFT"] = "{{thing1.DATA}}，{{phrase2.DATA}}"
    return found


def users(sandbox: Sandbox, count: int) -> list[str]:
    return [openid(sandbox.world, MINI_APPID, person.id) for person in sandbox.world.people[:count]]


def messages(addresses: list[str], gift: str = "好茶", state: str = "可领取") -> list[Message]:
    return [
        Message(
            key=f"key-{address}",
            address=address,
            template="SUB_GIFT:gift,state",
            params={"gift": gift, "state": state},
            sent_on=SENT_ON,
        )
        for address in addresses
    ]


def send(sandbox: Sandbox, batch: list[Message]) -> list[Receipt]:
    with CHANNEL.connect(sandbox.connection("mini_program")) as client:
        return sorted(client.send("batch", batch), key=lambda receipt: receipt.key)


def test_one_consent_is_one_message(sandbox: Sandbox, platform: MiniProgram) -> None:
    addresses = users(sandbox, 3)
    assert {one.verdict for one in send(sandbox, messages(addresses))} == {Verdict.ACCEPTED}
    again = send(sandbox, messages(addresses))
    assert {(one.verdict, one.code) for one in again} == {(Verdict.REFUSED, "43101")}
    assert sorted(one["recipient"] for one in sandbox.deliveries("mini_program")) == sorted(addresses)
    assert CHANNEL.ability == Neither()


@pytest.mark.parametrize(
    ("gift", "state", "misfit"),
    [
        ("一" * 20, "可领取", ""),
        ("一" * 21, "可领取", "thing1"),
        ("", "可领取", "thing1"),
        ("两行\n字", "可领取", "thing1"),
        ("好茶", "五个汉字啊", ""),
        ("好茶", "一共六个汉字", "phrase2"),
        ("好茶", "abc", "phrase2"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_the_fields_name_and_spends_nothing(
    sandbox: Sandbox, platform: MiniProgram, gift: str, state: str, misfit: str
) -> None:
    addresses = users(sandbox, 2)
    bad, good = messages(addresses[:1], gift, state), messages(addresses[1:])
    told = {one.key: one for one in send(sandbox, bad + good)}
    assert told[good[0].key].verdict is Verdict.ACCEPTED
    one = told[bad[0].key]
    assert (one.verdict, one.code) == ((Verdict.REFUSED, f"47003 {misfit}") if misfit else (Verdict.ACCEPTED, ""))
    assert len(sandbox.deliveries("mini_program")) == (1 if misfit else 2)


def test_what_the_platform_itself_finds_wrong_stops_the_campaign(sandbox: Sandbox, platform: MiniProgram) -> None:
    """`date` has no pattern of ours: the platform's word speaks for the template."""
    platform.notices.templates["SUB_GIFT"] = "{{thing1.DATA}}，{{date2.DATA}}"
    batch = [replace(one, params={"gift": "好茶", "state": ""}) for one in messages(users(sandbox, 1))]
    with pytest.raises(Rejected, match="date2"):
        send(sandbox, batch)


def test_the_collector_tells_the_outcome_of_each_message(sandbox: Sandbox, platform: MiniProgram) -> None:
    platform.notices.failed = 0.3
    batch = messages(users(sandbox, 40))
    taken = {one.key: one.provider_id for one in send(sandbox, batch)}
    under_way = [replace(message, provider_id=taken[message.key]) for message in batch]
    # Several rows in one push come as a list, as XML they stand one level deeper.
    (first, event), (second, other), *rest = platform.notices.events
    both = {**event, "List": [event["List"], other["List"]]}
    deeper = [(day, {**body, "List": None, "SubscribeMsgSentEvent": {"List": body["List"]}}) for day, body in rest]
    platform.notices.events[:] = [(min(first, second), both), *deeper]
    with CHANNEL.connect(sandbox.connection("mini_program")) as client:
        told = {receipt.provider_id: receipt for receipt in client.receipts(under_way)}
    outcomes = {one["provider_id"]: one["outcome"] for one in sandbox.deliveries("mini_program")}
    assert {msgid: one.verdict is Verdict.DELIVERED for msgid, one in told.items()} == {
        msgid: outcome == "sent" for msgid, outcome in outcomes.items()
    }
    assert {one.code for one in told.values()} == {"0", "1"}
