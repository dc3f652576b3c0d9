"""Template messages: one follower per call, the account's own fields, an outcome that the brand's collector hears."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from quanyu.channels.official_account_template import CHANNEL
from quanyu.contracts import Message, Neither, Receipt, Verdict
from quanyu.errors import NeedsPerson, Rejected, Throttled
from tests.sandbox import running_sandbox
from tests.sandbox.official_account import OfficialAccount
from tests.sandbox.server import Sandbox

SEND = "/cgi-bin/message/template/send"
SENT_ON = date(2026, 11, 21)


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    with running_sandbox(people=80) as running:
        yield running


@pytest.fixture
def platform(sandbox: Sandbox) -> OfficialAccount:
    found = sandbox.platforms["official_account"]
    assert isinstance(found, OfficialAccount)
    found.notices.templates["TM_GIFT"] = "{{thing2.DATA}}，{{thing1.DATA}}"
    return found


def fans(sandbox: Sandbox) -> list[str]:
    return [fan.openid for fan in sandbox.world.followers if fan.follows(sandbox.clock.end)]


def messages(openids: list[str], template: str = "TM_GIFT:name,gift", **params: str) -> list[Message]:
    return [
        Message(
            key=f"key-{openid}",
            address=openid,
            template=template,
            params={"gift": "好茶", "name": "张三", "unused": "x", **params},
            sent_on=SENT_ON,
        )
        for openid in openids
    ]


def send(sandbox: Sandbox, batch: list[Message], **extra: Any) -> dict[str, Receipt]:
    where = sandbox.connection("official_account")
    with CHANNEL.connect(replace(where, extra={**where.extra, **extra})) as client:
        return {receipt.key.removeprefix("key-"): receipt for receipt in client.send("batch", batch)}


def test_marketing_is_not_for_this_channel_and_nothing_can_be_asked() -> None:
    assert CHANNEL.purposes == {"care", "service"}
    assert CHANNEL.ability == Neither()


def test_values_fill_the_accounts_fields_in_its_order(sandbox: Sandbox, platform: OfficialAccount) -> None:
    openids = fans(sandbox)[:3]
    receipts = send(sandbox, messages(openids))
    assert {receipt.verdict for receipt in receipts.values()} == {Verdict.ACCEPTED}
    delivered = sandbox.deliveries("official_account")
    assert {one["content"] for one in delivered} == {"张三，好茶"}
    assert {one["recipient"]: one["provider_id"] for one in delivered} == {
        openid: receipt.provider_id for openid, receipt in receipts.items()
    }


def test_who_left_or_was_never_there_is_refused_with_the_platforms_code(
    sandbox: Sandbox, platform: OfficialAccount
) -> None:
    gone = next(fan.openid for fan in sandbox.world.followers if not fan.follows(sandbox.clock.end))
    ever = {fan.openid for fan in sandbox.world.followers if fan.subscribed_at < sandbox.clock.end}
    expected = "43004" if gone in ever else "40003"
    receipts = send(sandbox, messages([*fans(sandbox)[:2], "oStranger", gone]))
    assert (receipts["oStranger"].verdict, receipts["oStranger"].code) == (Verdict.REFUSED, "40003")
    assert (receipts[gone].verdict, receipts[gone].code) == (Verdict.REFUSED, expected)
    assert len(sandbox.deliveries("official_account")) == 2


def test_a_repeat_within_ten_minutes_is_dropped_by_the_platform(sandbox: Sandbox, platform: OfficialAccount) -> None:
    batch = messages(fans(sandbox)[:2])
    first, again = send(sandbox, batch), send(sandbox, batch)
    assert {one.provider_id for one in first.values()} == {one.provider_id for one in again.values()}
    assert len(sandbox.deliveries("official_account")) == 2
    sandbox.clock.elapse(601)
    send(sandbox, batch)
    assert len(sandbox.deliveries("official_account")) == 4


def test_a_template_that_the_account_lacks_or_that_has_other_fields_stops_the_campaign(
    sandbox: Sandbox, platform: OfficialAccount
) -> None:
    for template, word in (("TM_NONE", "no template TM_NONE"), ("TM_GIFT:gift", "has 2 fields")):
        with pytest.raises(Rejected, match=word) as caught:
            send(sandbox, messages(fans(sandbox)[:1], template))
        assert caught.value.remedy
    assert sandbox.deliveries("official_account") == []


def test_a_lost_answer_is_in_doubt_for_that_follower_only(sandbox: Sandbox, platform: OfficialAccount) -> None:
    sandbox.fault("official_account", "reply_lost", match=SEND)
    verdicts = [receipt.verdict for receipt in send(sandbox, messages(fans(sandbox)[:5])).values()]
    assert sorted(verdicts) == sorted([Verdict.UNKNOWN, *[Verdict.ACCEPTED] * 4])
    assert len(sandbox.deliveries("official_account")) == 5


def test_a_token_that_dies_under_way_is_replaced_once_and_nobody_is_lost(
    sandbox: Sandbox, platform: OfficialAccount
) -> None:
    openids = fans(sandbox)[:8]
    sandbox.fault("official_account", "token_expired", match=SEND, after=3)
    receipts = send(sandbox, messages(openids))
    assert {receipt.verdict for receipt in receipts.values()} == {Verdict.ACCEPTED}
    assert sorted(one["recipient"] for one in sandbox.deliveries("official_account")) == sorted(openids)


def test_a_token_that_is_always_refused_needs_a_person(sandbox: Sandbox, platform: OfficialAccount) -> None:
    sandbox.fault("official_account", "token_expired", match=SEND, times=999)
    with pytest.raises(NeedsPerson) as caught:
        send(sandbox, messages(fans(sandbox)[:3]))
    assert caught.value.remedy
    forced = [entry for entry in sandbox.journal("official_account") if entry["path"].endswith("stable_token")]
    assert len(forced) <= 4, "forcing a token is rationed"


def test_a_quota_stops_the_calls_and_keeps_what_went_out(sandbox: Sandbox, platform: OfficialAccount) -> None:
    sandbox.fault("official_account", "quota", match=SEND, after=2, times=99)
    with pytest.raises(Throttled) as caught:
        send(sandbox, messages(fans(sandbox)[:6]))
    assert caught.value.until is not None
    assert [one.verdict for one in caught.value.receipts] == [Verdict.ACCEPTED] * 2


def test_a_tap_leads_where_the_connection_says(sandbox: Sandbox) -> None:
    where = "https://shop.example/help"
    send(sandbox, messages(fans(sandbox)[:1], "TM_AFTER_SALES"), links={"TM_AFTER_SALES": where})
    assert [one["link"] for one in sandbox.deliveries("official_account")] == [where]


def test_the_collector_tells_the_outcome_of_each_message(sandbox: Sandbox, platform: OfficialAccount) -> None:
    platform.notices.failed = 0.3
    batch = messages(fans(sandbox))
    taken = send(sandbox, batch)
    under_way = [replace(message, provider_id=taken[message.address].provider_id) for message in batch]
    with CHANNEL.connect(sandbox.connection("official_account")) as client:
        told = {receipt.provider_id: receipt for receipt in client.receipts(under_way)}
        assert list(client.receipts([replace(under_way[0], sent_on=date(2026, 11, 22))])) == []
    outcomes = {one["provider_id"]: one["outcome"] for one in sandbox.deliveries("official_account")}
    assert {msgid: one.verdict is Verdict.DELIVERED for msgid, one in told.items()} == {
        msgid: outcome == "sent" for msgid, outcome in outcomes.items()
    }
    assert {one.code for one in told.values()} >= {"success", "failed: system failed"}


def test_without_a_collector_nothing_is_heard(sandbox: Sandbox) -> None:
    where = sandbox.connection("official_account")
    batch = [replace(message, provider_id="1") for message in messages(fans(sandbox)[:1])]
    with CHANNEL.connect(replace(where, extra={})) as client:
        assert list(client.receipts(batch)) == []
