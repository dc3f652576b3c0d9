"""Broadcasts: tasks for staff, and finding out what became of a call whose answer was lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from quanyu.broadcasts import Broadcasts
from quanyu.channels.wecom_broadcast import CHANNEL
from quanyu.contracts import Message, Receipt, Verdict
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox
from tests.sandbox.world.model import Contact

SENT_ON = date(2026, 11, 21)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox(people=120) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Broadcasts]:
    with CHANNEL.connect(sandbox.connection("wecom")) as client:
        yield client  # type: ignore[misc]


def customers(sandbox: Sandbox) -> list[Contact]:
    """The customers of one busy member of staff."""
    there = [contact for contact in sandbox.world.contacts if contact.exists(sandbox.clock.end)]
    by_staff: dict[str, list[Contact]] = {}
    for contact in there:
        by_staff.setdefault(contact.staff_userid, []).append(contact)
    return max(by_staff.values(), key=len)


def batch(contacts: list[Contact], text: str = "好久不见", sender: str = "") -> list[Message]:
    return [
        Message(
            key=f"key-{contact.external_userid}",
            address=contact.external_userid,
            template=text,
            sender=sender or contact.staff_userid,
            sent_on=SENT_ON,
        )
        for contact in contacts
    ]


def verdicts(receipts: list[Receipt]) -> list[Verdict]:
    return [receipt.verdict for receipt in receipts]


def test_a_member_who_left_cannot_send_and_stops_nobody_else(sandbox: Sandbox, client: Broadcasts) -> None:
    receipts = client.send("batch", batch(customers(sandbox)[:2], sender="gone"))
    assert {(receipt.verdict, receipt.code) for receipt in receipts} == {(Verdict.REFUSED, "60111")}


def test_customers_of_somebody_else_are_refused(sandbox: Sandbox, client: Broadcasts) -> None:
    mine = customers(sandbox)
    known = {contact.external_userid for contact in mine}
    other = next(contact for contact in sandbox.world.contacts if contact.external_userid not in known)
    receipts = client.send("batch", batch([mine[0], other], sender=mine[0].staff_userid))
    assert verdicts(receipts) == [Verdict.ACCEPTED, Verdict.REFUSED]
    alone = client.send("batch", batch([other], sender=mine[0].staff_userid))
    assert (alone[0].verdict, alone[0].code) == (Verdict.REFUSED, "41048")


def test_asking_finds_each_customer_in_the_days_broadcasts(sandbox: Sandbox, client: Broadcasts) -> None:
    mine = customers(sandbox)
    taken = client.send("batch", batch(mine[:2]))
    found = client.ask("batch", batch(mine[:3]))
    assert verdicts(found) == [Verdict.ACCEPTED, Verdict.ACCEPTED, Verdict.LATER]
    assert found[0].provider_id == taken[0].provider_id


def test_a_customer_who_got_another_text_that_day_stays_unknown(sandbox: Sandbox, client: Broadcasts) -> None:
    mine = customers(sandbox)
    client.send("other", batch(mine[:1], text="别的内容"))
    assert verdicts(client.ask("batch", batch(mine[:2]))) == [Verdict.UNKNOWN, Verdict.LATER]


def test_a_broadcast_of_another_day_or_member_is_not_ours(sandbox: Sandbox, client: Broadcasts) -> None:
    mine = customers(sandbox)
    client.send("batch", batch(mine[:1]))
    sandbox.advance_to(SENT_ON)
    tomorrow = [
        Message(
            key=one.key, address=one.address, template=one.template, sender=one.sender, sent_on=SENT_ON + timedelta(1)
        )
        for one in batch(mine[:1])
    ]
    assert verdicts(client.ask("batch", tomorrow)) == [Verdict.LATER]
    assert verdicts(client.ask("batch", batch(mine[:1], sender="somebody"))) == [Verdict.LATER]


def test_a_receipt_waits_for_the_members_confirmation(sandbox: Sandbox, client: Broadcasts) -> None:
    platform = sandbox.platforms["wecom"]
    platform.group_messages.at_once = 0.0  # type: ignore[attr-defined]
    mine = customers(sandbox)[:3]
    provider_id = client.send("batch", batch(mine))[0].provider_id
    sent = [
        Message(key=one.key, address=one.address, template="", sender=one.sender, provider_id=provider_id)
        for one in batch(mine)
    ]
    assert list(client.receipts(sent)) == []
    platform.confirm()  # type: ignore[attr-defined]
    told = {receipt.key: receipt for receipt in client.receipts(sent)}
    assert set(told) == {one.key for one in sent}
    assert {receipt.verdict for receipt in told.values()} <= {Verdict.DELIVERED, Verdict.FAILED}
    assert all(receipt.at for receipt in told.values() if receipt.verdict is Verdict.DELIVERED)


def test_a_broadcast_that_vanished_does_not_hide_the_others(sandbox: Sandbox, client: Broadcasts) -> None:
    mine = customers(sandbox)[:1]
    provider_id = client.send("batch", batch(mine))[0].provider_id
    sandbox.platforms["wecom"].confirm()  # type: ignore[attr-defined]
    sent = [
        Message(key="lost", address="wm", template="", sender=mine[0].staff_userid, provider_id="msgNone"),
        Message(
            key="kept",
            address=mine[0].external_userid,
            template="",
            sender=mine[0].staff_userid,
            provider_id=provider_id,
        ),
    ]
    assert [receipt.key for receipt in client.receipts(sent)] == ["kept"]
