"""Broadcasts to customer groups: a task for the owner, found again by owner, group, day and text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from quanyu.broadcasts import Broadcasts
from quanyu.channels.wecom_broadcast import CHANNEL as TO_CUSTOMERS
from quanyu.channels.wecom_group import CHANNEL
from quanyu.contracts import Message, Verdict
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox
from tests.sandbox.world.systems.wecom import Group, groups

SENT_ON = date(2026, 11, 21)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(people=120) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Broadcasts]:
    with CHANNEL.connect(sandbox.connection("wecom")) as client:
        yield client  # type: ignore[misc]


def there(sandbox: Sandbox) -> list[Group]:
    return [group for group in groups(sandbox.world) if group.created_at < sandbox.clock.end]


def batch(found: list[Group], sender: str = "", text: str = "群友专享") -> list[Message]:
    return [
        Message(
            key=f"key-{group.chat_id}",
            address=group.chat_id,
            template=text,
            sender=sender or group.owner,
            sent_on=SENT_ON,
        )
        for group in found
    ]


def test_a_group_gets_what_its_owner_confirms(sandbox: Sandbox, client: Broadcasts) -> None:
    platform = sandbox.platforms["wecom"]
    platform.group_messages.at_once = 0.0  # type: ignore[attr-defined]
    mine = there(sandbox)[:1]
    (taken,) = client.send("batch", batch(mine))
    assert taken.verdict is Verdict.ACCEPTED
    (message,) = batch(mine)
    sent = [
        Message(
            key=message.key, address=message.address, template="", sender=message.sender, provider_id=taken.provider_id
        )
    ]
    assert list(client.receipts(sent)) == []
    platform.confirm()  # type: ignore[attr-defined]
    assert [(one.key, one.verdict) for one in client.receipts(sent)] == [(message.key, Verdict.DELIVERED)]


def test_a_second_broadcast_of_the_day_is_over_the_groups_cap(sandbox: Sandbox, client: Broadcasts) -> None:
    mine = there(sandbox)[:1]
    sandbox.platforms["wecom"].group_messages.at_once = 1.0  # type: ignore[attr-defined]
    sent = []
    for text in ("一", "二"):
        (taken,) = client.send("batch", batch(mine, text=text))
        (message,) = batch(mine)
        sent.append(
            Message(
                key=text, address=message.address, template="", sender=message.sender, provider_id=taken.provider_id
            )
        )
    assert {one.key: (one.verdict, one.code) for one in client.receipts(sent)} == {
        "一": (Verdict.DELIVERED, "1"),
        "二": (Verdict.FAILED, "3"),
    }


def test_a_group_of_another_owner_is_refused_alone(sandbox: Sandbox, client: Broadcasts) -> None:
    mine, other, *_ = there(sandbox)
    receipts = client.send("batch", batch([mine, other], sender=mine.owner))
    assert [(one.verdict, one.code) for one in receipts] == [(Verdict.ACCEPTED, ""), (Verdict.REFUSED, "fail_list")]
    (alone,) = client.send("batch", batch([other], sender=mine.owner))
    assert (alone.verdict, alone.code) == (Verdict.REFUSED, "41048")


def test_asking_finds_each_group_and_no_broadcast_to_customers(sandbox: Sandbox, client: Broadcasts) -> None:
    mine = there(sandbox)[:1]
    owner = mine[0].owner
    with TO_CUSTOMERS.connect(sandbox.connection("wecom")) as customers:
        contact = next(
            one for one in sandbox.world.contacts if one.staff_userid == owner and one.exists(sandbox.clock.end)
        )
        customers.send(
            "other",
            [Message(key="k", address=contact.external_userid, template="群友专享", sender=owner, sent_on=SENT_ON)],
        )
    assert [one.verdict for one in client.ask("batch", batch(mine))] == [Verdict.LATER]
    (taken,) = client.send("batch", batch(mine))
    (found,) = client.ask("batch", batch(mine))
    assert (found.verdict, found.provider_id) == (Verdict.ACCEPTED, taken.provider_id)
    assert [one.verdict for one in client.ask("batch", batch(mine, text="别的"))] == [Verdict.UNKNOWN]
