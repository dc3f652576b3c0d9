"""Short messages that were accepted, what became of each, and what people answered.

The fate of a message depends on number, template and day alone: `failed` of a hundred fail with a carrier's
code, `lost` never get a report, `late` get theirs when the world's day advances.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from tests.sandbox.fate import send_time, share
from tests.sandbox.platform import Clock

WAITING, FAILED, DELIVERED = 1, 2, 3

CARRIER_CODES = ("MOBILE_NOT_ON_SERVICE", "MOBILE_ACCOUNT_ABNORMAL", "MOBILE_SEND_LIMIT")
REFUSING = frozenset({"R", "TD", "T", "N", "退订"})


@dataclass(frozen=True)
class Sms:
    """One accepted message to one number (11 digits)."""

    phone: str
    sign: str
    template: str
    content: str
    out_id: str
    biz_id: str
    at: datetime
    accepted_at: datetime
    fate: str
    code: str

    @property
    def day(self) -> date:
        """The day that QuerySendDetails finds it under."""
        return self.at.date()


@dataclass
class Messages:
    """Everything accepted. Shares and `lag_seconds` (until a message can be asked for) may be changed by a test."""

    clock: Clock
    deliveries: list[dict[str, Any]]
    failed: float = 0.04
    lost: float = 0.01
    late: float = 0.03
    lag_seconds: float = 0.0
    replies: list[dict[str, Any]] = field(default_factory=list)
    _accepted: dict[tuple[str, date], list[Sms]] = field(default_factory=dict)
    _refusing: set[str] = field(default_factory=set)

    def accept(self, phone: str, *, sign: str, template: str, content: str, out_id: str, biz_id: str) -> None:
        """Take one message; it is found by number and day from now on, whatever becomes of the answer."""
        at = send_time(self.clock)
        fate, code = self._fate(phone, template, at.date())
        sms = Sms(phone, sign, template, content, out_id, biz_id, at, self.clock.now(), fate, code)
        self._accepted.setdefault((phone, sms.day), []).append(sms)
        self.deliveries.append(
            {
                "recipient": phone,
                "template": template,
                "content": content,
                "provider_id": biz_id,
                "batch_key": out_id,
                "day": sms.day.isoformat(),
                "outcome": fate,
            }
        )

    def count(self, phone: str, sign: str, template: str) -> int:
        """How many a number got today of one signature and template."""
        today = self._accepted.get((phone, send_time(self.clock).date()), [])
        return sum(sms.sign == sign and sms.template == template for sms in today)

    def all(self) -> list[Sms]:
        """Everything that may be asked for by now, oldest first."""
        visible = self.clock.now() - timedelta(seconds=self.lag_seconds)
        return [sms for batch in self._accepted.values() for sms in batch if sms.accepted_at <= visible]

    def is_waiting(self, sms: Sms) -> bool:
        """Whether the carrier has not reported yet: of late ones before the day is over, of lost ones never."""
        return sms.fate == "lost" or (sms.fate == "late" and send_time(self.clock) <= sms.at)

    def details(self, phone: str, day: date, biz_id: str) -> list[dict[str, Any]]:
        """What is known of a number's messages of a day, newest first."""
        visible = self.clock.now() - timedelta(seconds=self.lag_seconds)
        found = [
            sms
            for sms in reversed(self._accepted.get((phone, day), []))
            if sms.accepted_at <= visible and biz_id in {"", sms.biz_id}
        ]
        return [self._detail(sms) for sms in found]

    def reply(self, phone: str, content: str) -> dict[str, Any]:
        """Let a person answer the last message; a refusal makes the carrier drop all later ones."""
        received = [sms for (number, _), batch in self._accepted.items() if number == phone for sms in batch]
        if not received:
            raise ValueError("nobody answers a message that never came")
        if content.strip().upper() in REFUSING:
            self._refusing.add(phone)
        reply = {
            "phone_number": phone,
            "content": content,
            "send_time": f"{send_time(self.clock) + timedelta(minutes=30):%F %T}",
            "dest_code": "1069000000",
            "sequence_id": len(self.replies) + 1,
            "sign_name": received[-1].sign,
        }
        self.replies.append(reply)
        return reply

    def is_refusing(self, phone: str) -> bool:
        """Whether somebody asked for no more messages."""
        return phone in self._refusing

    def _fate(self, phone: str, template: str, day: date) -> tuple[str, str]:
        if phone in self._refusing:
            return "failed", "MOBILE_IN_BLACK"
        lot = share("sms", phone, template, day)
        if lot < self.failed:
            return "failed", CARRIER_CODES[int(share("code", phone, day) * len(CARRIER_CODES))]
        if lot < self.failed + self.lost:
            return "lost", ""
        return ("late" if lot < self.failed + self.lost + self.late else "delivered"), "DELIVERED"

    def _detail(self, sms: Sms) -> dict[str, Any]:
        waits = self.is_waiting(sms)
        detail = {
            "PhoneNum": sms.phone,
            "SendStatus": WAITING if waits else FAILED if sms.fate == "failed" else DELIVERED,
            "ErrCode": "" if waits else sms.code,
            "Content": sms.content,
            "OutId": sms.out_id,
            "SendDate": f"{sms.at:%F %T}",
            "TemplateCode": sms.template,
        }
        return detail if waits else {**detail, "ReceiveDate": f"{sms.at + timedelta(seconds=6):%F %T}"}
