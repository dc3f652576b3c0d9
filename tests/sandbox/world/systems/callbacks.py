"""What channels call back with: receipts of messages, people who want no more of them, and subscriptions.

The brand's web tier answers the platforms and writes each callback, as it came, into an envelope of ours: event_id,
channel, received_at and the platform's own `body`. Platforms repeat a callback whose answer they did not like, so an
event_id may come twice.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.sandbox.world.calendar import moment
from tests.sandbox.world.facts import Fact, in_order, text
from tests.sandbox.world.systems import consent_import, tracking

if TYPE_CHECKING:
    from tests.sandbox.world import World
    from tests.sandbox.world.model import Card

_TEMPLATES = ("SUB_CART_LEFT", "SUB_BACK_IN_STOCK", "SUB_ORDER_UNPAID")


def receipts(world: World) -> list[Fact]:
    """Receipts of earlier campaigns: text messages of two clouds, push, template messages and e-mail."""
    rng = world.dice("callbacks receipts")
    found = []
    for number, card in enumerate(_asked(world), 1):
        if rng.random() > 0.5:
            continue
        sent = moment(rng, world.calendar.ago(rng.randint(-2, world.calendar.history_days)), 9, 20)
        told = sent + timedelta(seconds=rng.randint(3, 4000))
        channel, body = _receipt(card, number, sent, told, rng)
        found.append(_fact(f"R{number:07d}", channel, told, body, card.person))
    for number, fan in enumerate(world.followers, 1):
        if rng.random() < 0.2:
            at = moment(rng, world.calendar.ago(rng.randint(-2, world.calendar.history_days)), 9, 20)
            body = {"FromUserName": fan.openid, "Event": "TEMPLATESENDJOBFINISH", "MsgID": str(900000 + number)}
            body |= {"CreateTime": int(at.timestamp()), "Status": rng.choice(("success", "failed:user block"))}
            found.append(_fact(f"W{number:07d}", "official_account", at, body, fan.person))
    return in_order(found)


def _asked(world: World) -> list[Card]:
    newest = {card.member_card: card for card in world.cards}
    return [card for card in newest.values() if card.phone.isdigit() and len(card.phone) == 11]


def _receipt(card: Card, number: int, sent: datetime, told: datetime, rng: random.Random) -> tuple[str, dict[str, Any]]:
    is_delivered = rng.random() < 0.93
    match rng.choice(("aliyun_sms", "aliyun_sms", "tencent_sms", "email")):
        case "aliyun_sms":
            return "aliyun_sms", {
                "phone_number": card.phone,
                "send_time": text(sent),
                "report_time": text(told),
                "success": is_delivered,
                "err_code": "DELIVERED" if is_delivered else "MOBILE_NOT_ON_SERVICE",
                "err_msg": "",
                "sms_size": "1",
                "biz_id": f"{900619746936498440 + number}^0",
                "out_id": f"past-{number}",
            }
        case "tencent_sms":
            return "tencent_sms", {
                "user_receive_time": text(told),
                "nationcode": "86",
                "mobile": card.phone,
                "report_status": "SUCCESS" if is_delivered else "FAIL",
                "errmsg": "DELIVRD" if is_delivered else "UNDELIV",
                "description": "",
                "sid": f"2019:{number}",
            }
        case _:
            return "email", {
                "address": f"user{number}@example.com",
                "event": "delivered" if is_delivered else "bounce",
                "code": "250" if is_delivered else "559",
                "message_id": f"<{number}@mail.quanyu>",
            }


def opt_outs(world: World) -> list[Fact]:
    """Who replied R, left the official account, was deleted by a customer, or unsubscribed from e-mail."""
    rng = world.dice("callbacks opt-outs")
    found = []
    for number, fan in enumerate(world.followers, 1):
        if fan.unsubscribed_at is not None and fan.unsubscribed_at.date() >= world.calendar.first:
            at = fan.unsubscribed_at
            body = {"FromUserName": fan.openid, "Event": "unsubscribe", "CreateTime": int(at.timestamp())}
            found.append(_fact(f"U{number:07d}", "official_account", at, body, fan.person))
    for number, contact in enumerate(world.contacts, 1):
        if contact.deleted_at is not None and contact.deleted_at.date() >= world.calendar.first:
            at = contact.deleted_at
            body = {"Event": "change_external_contact", "ChangeType": "del_follow_user", "UserID": contact.staff_userid}
            body |= {"ExternalUserID": contact.external_userid, "CreateTime": int(at.timestamp())}
            found.append(_fact(f"D{number:07d}", "wecom", at, body, contact.person))
    for number, card in enumerate(_asked(world), 1):
        if rng.random() < 0.05:
            at = moment(rng, world.calendar.ago(rng.randint(-2, world.calendar.history_days)), 9, 20)
            body = {"phone_number": card.phone, "content": rng.choice(("R", "TD", "退订")), "send_time": text(at)}
            body |= {"dest_code": "106900000000", "sequence_id": str(number), "sign_name": "全域"}
            found.append(_fact(f"T{number:07d}", "aliyun_sms", at, body, card.person))
    return in_order([*found, *_unsubscribed(world)])


def _unsubscribed(world: World) -> list[Fact]:
    """A few of those who once left a mail address."""
    rng = world.dice("callbacks unsubscribed")
    found = []
    for fact in world.chapter(consent_import.entries):
        if fact.row["act"] == "email_consent" and rng.random() < 0.1:
            at = fact.at + timedelta(days=1, seconds=rng.randint(0, 3600))
            body = {"address": fact.row["email"], "event": "unsubscribe"}
            found.append(_fact(f"E{fact.row['entry_id']}", "email", at, body, fact.person))
    return found


def subscriptions(world: World) -> list[Fact]:
    """What users of the mini program say when it asks for subscription messages, and which of these were sent."""
    rng = world.dice("callbacks subscriptions")
    users = {
        fact.row["openid"]: fact
        for fact in world.chapter(tracking.events)
        if fact.row["event"] == "product_view" and fact.row["openid"]
    }
    found = []
    for number, (openid, fact) in enumerate(sorted(users.items()), 1):
        if rng.random() > 0.5:
            continue
        at = fact.at + timedelta(seconds=5)
        said = {template: rng.choice(("accept", "accept", "reject")) for template in _TEMPLATES}
        listed = [
            {"TemplateId": template, "SubscribeStatusString": word, "PopupScene": "0"}
            for template, word in said.items()
        ]
        body = {"FromUserName": openid, "Event": "subscribe_msg_popup_event", "List": listed}
        found.append(_fact(f"P{number:07d}", "mini_program", at, body, fact.person))
        for template, word in said.items():
            if word == "accept" and rng.random() < 0.1:
                later = at + timedelta(hours=rng.randint(1, 40))
                sent = {"TemplateId": template, "MsgID": f"7{number:05d}", "ErrorCode": "0", "ErrorStatus": "success"}
                body = {"FromUserName": openid, "Event": "subscribe_msg_sent_event", "List": [sent]}
                found.append(_fact(f"S{number:07d}{template}", "mini_program", later, body, fact.person))
    for told in found:
        told.row["body"]["CreateTime"] = int(told.at.timestamp())
    return in_order(found)


def _fact(event_id: str, channel: str, at: datetime, body: dict[str, Any], person: str) -> Fact:
    row = {"event_id": event_id, "channel": channel, "received_at": at.isoformat(), "body": body}
    return Fact(at, row, person)
