"""Getui (个推, REST v2 `/push/single/cid`): a text of their own to each install of the app, one call per person.

What it promises: a request whose `request_id` was there before is dropped (rest_v2/push: it "loses the message"), and
the vendor's first SDK repeats a failed call under the id of the failed one. What it does not say: for how long an id is
remembered, and what a repeat is answered with. An hour is our guess: within it a lost answer is repeated, later it is
parked. Nor does it promise receipts: the task report leaves out single pushes, and the one that does not
(`/task/detail`) is opened on request only. `successed_ignore` (no sign of life for 90 days) is a refusal.

    {request_id = message key, audience.cid, push_message} -> {task id: {cid: successed_online | offline | ignore}}

Guessed: besides the window, that a repeat is answered as a success, and that a call which is told to wait did not use
its id up.

Connection `quanyu_getui`: host = https://restapi.getui.com, login = app key, password = master secret, extra
{"app_id", "title"} (`title` stands above every text, at most 50 characters: the brand's name).

Sources: docs.getui.com/getui/server/rest_v2/push, .../report; GetuiLaboratory/getui-pushapi-java-client-v2.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from quanyu.contracts import Channel, Connection, DedupKey, Grant, Message, Receipt, Record, Verdict
from quanyu.errors import ConfigurationError, DeliveryUnknown, NeedsPerson, Rejected, Retryable, Throttled, TokenExpired
from quanyu.fan import Answer, Call, Fan
from quanyu.settings import utc_now
from quanyu.tokens import Tokens
from quanyu.transport import Http, json_of

# As the vendor's own client does; a batch never outlives its token.
_EARLY = timedelta(hours=1)
_OFFLINE = 24 * 3_600_000
_TITLE = 50
_NO_CODE = -1
_PATIENCE = 3
_TOKEN_DEAD = 10001
_WRONG_PARAMETER = 20001
_WAIT = {10003, 10005}
_IGNORED = "successed_ignore"
_CREDENTIALS = "set login and password of the connection to the app key and its master secret, extra.app_id to its app."
_PERSON = {10002: "the app is on Getui's black list: see the console.", 301: "set host to the app's own data centre."}


class Getui:
    """The app as a channel client; addresses are cids."""

    def __init__(self, http: Http, fan: Fan, where: Connection) -> None:
        self._http = http
        self._fan = fan
        self._where = where
        self._base = f"/v2/{where.extra['app_id']}"
        self._title = str(where.extra["title"])
        self._tokens = Tokens(http, where, self._issue, remedy=_CREDENTIALS)
        self._went_with: dict[str, str] = {}
        self._dead: set[str] = set()

    @property
    def pace(self) -> float:
        """Calls per second that the platform allows."""
        return self._fan.pace

    def send(self, batch_key: str, batch: Sequence[Message]) -> list[Receipt]:
        """Push to each install; every message has its own key, so the batch's is not needed."""
        del batch_key
        return self._fan.deliver(batch, self._call_of, self._receipt_of)

    def ask(self, batch_key: str, batch: Sequence[Message]) -> list[Receipt]:
        """Nothing can be asked; a repeat under the same request id brings the answer."""
        del batch_key
        return [Receipt(key=message.key, verdict=Verdict.UNKNOWN) for message in batch]

    def receipts(self, sent: Sequence[Message]) -> Iterator[Receipt]:
        """None: reports count lists and broadcasts, not single pushes."""
        del sent
        return iter(())

    def _call_of(self, message: Message) -> Call:
        token = self._went_with[message.key] = self._tokens.call(self._living)
        return Call("POST", self._base + "/push/single/cid", json=self._body(message), headers={"token": token})

    def _living(self, token: str) -> str:
        if token in self._dead:
            raise TokenExpired("getui: the token is refused.")
        return token

    def _body(self, message: Message) -> Record:
        text = message.template.format_map(message.params)
        shown = {"title": self._title, "body": text}
        return {
            "request_id": message.key[:32],
            "settings": {"ttl": _OFFLINE},
            "audience": {"cid": [message.address]},
            "push_message": {"notification": {**shown, "click_type": "startapp"}},
            # The phone maker's own service, for an app that is not running.
            "push_channel": {
                "android": {"ups": {"notification": {**shown, "click_type": "startapp"}}},
                "ios": {"type": "notify", "aps": {"alert": shown}},
            },
        }

    def _receipt_of(self, message: Message, answer: Answer) -> Receipt:
        body = answer.json()
        code = _code(body)
        if code == _NO_CODE:
            raise DeliveryUnknown("getui /push/single/cid: the answer has no code.")
        if code == _TOKEN_DEAD:
            self._dead.add(self._went_with[message.key])
            if len(self._dead) == _PATIENCE:
                raise NeedsPerson(f"getui: code {code}, {_PATIENCE} tokens in a row.", remedy=_CREDENTIALS)
            raise TokenExpired(f"getui: code {code}.")
        if code == _WRONG_PARAMETER and "target" in str(body.get("msg")):
            return Receipt(key=message.key, verdict=Verdict.REFUSED, code=str(code))
        _check("/push/single/cid", code)
        for task, told in (body.get("data") or {}).items():
            status = str(told.get(message.address) or "") if isinstance(told, dict) else ""
            if status == _IGNORED:
                return Receipt(key=message.key, verdict=Verdict.REFUSED, provider_id=str(task), code=status)
            if status.startswith("successed"):
                return Receipt(key=message.key, verdict=Verdict.ACCEPTED, provider_id=str(task), code=status)
        raise DeliveryUnknown("getui /push/single/cid: the answer does not name the install.")

    def _issue(self, held: Grant | None) -> Grant:
        """Log in. Tokens of other processes stay alive."""
        del held
        stamp = str(int(utc_now().timestamp() * 1000))
        body = {
            "sign": sign(self._where.login, stamp, self._where.password),
            "timestamp": stamp,
            "appkey": self._where.login,
        }

        def once() -> Grant:
            answer = json_of(self._http.exchange("POST", self._base + "/auth", json=body))
            code = _code(answer)
            if code in _WAIT:
                _check("/auth", code)
            if code > 0:
                raise NeedsPerson(f"getui /auth: code {code}.", remedy=_PERSON.get(code, _CREDENTIALS))
            data = answer.get("data") or {}
            if not data.get("token"):
                raise Retryable("getui /auth: the answer holds no token.")
            ends = datetime.fromtimestamp(int(data["expire_time"]) / 1000, UTC)
            return Grant(access_token=str(data["token"]), expires_at=ends - _EARLY)

        return self._http.retrying(once)


def sign(app_key: str, timestamp: str, master_secret: str) -> str:
    """The `sign` of a log-in: SHA-256 of app key, milliseconds and master secret, one after the other."""
    return hashlib.sha256(f"{app_key}{timestamp}{master_secret}".encode()).hexdigest()


def _code(body: Record) -> int:
    """The business code; 0 is success, and an answer without one is none of theirs."""
    code = body.get("code")
    return code if isinstance(code, int) else _NO_CODE


def _check(path: str, code: int) -> None:
    """Raise for every code but 0; what Getui writes beside it may quote an install: unread."""
    said = f"getui {path}: code {code}."
    if code in _WAIT:
        now = utc_now()
        raise Throttled(said, until=now.replace(second=0, microsecond=0) + timedelta(minutes=1))
    if code in _PERSON:
        raise NeedsPerson(said, remedy=_PERSON[code])
    if code:
        raise Rejected(said, remedy="look the code up in rest_v2/code of docs.getui.com; nothing was pushed.")


@contextmanager
def connect(where: Connection) -> Iterator[Getui]:
    """Open the app behind the connection `quanyu_getui`."""
    title = str(where.extra.get("title") or "")
    if not (where.login and where.password and where.extra.get("app_id") and 0 < len(title) <= _TITLE):
        raise ConfigurationError(
            f"the connection quanyu_{where.name} lacks login, password, extra.app_id or extra.title.",
            remedy=f"{_CREDENTIALS} title is the brand's name, at most {_TITLE} characters.",
        )
    with Http.of(where) as http, Fan.of(where) as fan:
        yield Getui(http, fan, where)


CHANNEL = Channel(
    name="getui",
    about=__doc__,
    connection="getui",
    address_type="getui_cid",
    ability=DedupKey(window=timedelta(hours=1)),
    largest_batch=1000,
    is_personal=True,
    has_receipts=False,
    connect=connect,
)
