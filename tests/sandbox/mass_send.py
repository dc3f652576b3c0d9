"""Mass sends of the official account: who accepted what under which key, and how far it got."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.sandbox.fate import send_time
from tests.sandbox.platform import Clock
from tests.sandbox.weixin import Answer, Refusal, texts
from tests.sandbox.world.model import Follower

# Documented: a key is remembered for a day, and its repeat within a minute is told to slow down.
KEY_LIFE = timedelta(hours=24)
KEY_PAUSE = timedelta(minutes=1)


@dataclass
class MassSend:
    """One accepted mass send and how many fans it reached."""

    msg_id: int
    client_id: str
    at: datetime
    reached: int = 0


@dataclass
class MassSends:
    """Every mass send of the account; the caps are attributes a test may change."""

    clock: Clock
    deliveries: list[dict[str, Any]]
    fan: Callable[[str], Follower | None]
    monthly_messages: int = 4
    sending_seconds: int = 0
    _sends: dict[int, MassSend] = field(default_factory=dict)
    _by_client_id: dict[str, MassSend] = field(default_factory=dict)
    _received: Counter[tuple[str, str]] = field(default_factory=Counter)

    def send(self, given: Mapping[str, Any]) -> Answer:
        """Take one text for 2 to 10 000 fans, once per `clientmsgid`."""
        text = given.get("text")
        content = text.get("content") if given.get("msgtype") == "text" and isinstance(text, dict) else None
        if not content:
            raise Refusal(40008, "invalid message type")
        openids = self._recipients(given)
        # Without a key of the caller's the platform takes a digest of range and content.
        digest = hashlib.md5("|".join([*sorted(openids), str(content)]).encode()).hexdigest()
        client_id = str(given.get("clientmsgid") or digest)
        if len(client_id.encode()) > 64:
            raise Refusal(45067, "clientmsgid length exceed limit")
        self._refuse_repeat(client_id)
        accepted = self._accept(client_id, openids, str(content))
        return {
            "errcode": 0,
            "errmsg": "send job submission success",
            "msg_id": accepted.msg_id,
            "msg_data_id": 2_000_000_000 + accepted.msg_id,
        }

    def state(self, given: Mapping[str, Any]) -> Answer:
        """Say how far a mass send got: no more than one word for all its fans."""
        msg_id = str(given.get("msg_id", ""))
        found = self._sends.get(int(msg_id)) if msg_id.isdigit() else None
        if found is None:
            raise Refusal(40059, "invalid msg id")
        state = "SEND_SUCCESS" if found.reached else "SEND_FAIL"
        if self.clock.now() - found.at < timedelta(seconds=self.sending_seconds):
            state = "SENDING"
        return {"msg_id": found.msg_id, "msg_status": state}

    def _recipients(self, given: Mapping[str, Any]) -> list[str]:
        openids = list(dict.fromkeys(texts(given.get("touser"))))
        if len(openids) < 2:
            raise Refusal(40130, "invalid openid list size, at least two openid")
        if len(openids) > 10_000:
            raise Refusal(40032, "invalid openid list size")
        if any(self.fan(openid) is None for openid in openids):
            raise Refusal(40003, "invalid openid")
        return openids

    def _refuse_repeat(self, client_id: str) -> None:
        earlier = self._by_client_id.get(client_id)
        if earlier is None or self.clock.now() - earlier.at >= KEY_LIFE:
            return
        if self.clock.now() - earlier.at < KEY_PAUSE:
            raise Refusal(45066, "clientmsgid retry too fast, interval one minute")
        raise Refusal(45065, "clientmsgid exist", msg_id=earlier.msg_id)

    def _accept(self, client_id: str, openids: list[str], content: str) -> MassSend:
        accepted = MassSend(3_147_483_650 + len(self._sends), client_id, self.clock.now())
        for openid in openids:
            outcome = self._outcome(openid)
            accepted.reached += outcome == "sent"
            self.deliveries.append(
                {
                    "recipient": openid,
                    "content": content,
                    "provider_id": str(accepted.msg_id),
                    "batch_key": client_id,
                    "day": send_time(self.clock).date().isoformat(),
                    "outcome": outcome,
                }
            )
        self._sends[accepted.msg_id] = self._by_client_id[client_id] = accepted
        return accepted

    def _outcome(self, openid: str) -> str:
        """What becomes of one fan's copy, on the day that follows the world's last."""
        fan = self.fan(openid)
        if fan is None or not fan.follows(self.clock.end + timedelta(days=1)):
            return "unsubscribed"
        month = f"{send_time(self.clock):%Y-%m}"
        if self._received[openid, month] >= self.monthly_messages:
            return "filtered"
        self._received[openid, month] += 1
        return "sent"
