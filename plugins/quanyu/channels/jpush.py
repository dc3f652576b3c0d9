"""JPush (极光推送, `POST /v3/push`): one text to up to 1,000 installs of the app at once, by registration id.

What it promises: a `cid` makes a repeat harmless for a day; it is answered with the first push. JPush issues it, so one
is reserved for each batch before the call. What it does not: who of a batch is gone. 1011 says that no target was
found; the dry run (`/push/validate`) then finds by halving whom to leave out, since a second push would need a cid of
its own. Installs that JPush knows to be another app's are told by the receipts. `delivered` means that the phone got
it; what a phone has not fetched after a day is never shown.

    cid -> {cid, audience.registration_id[], notification.alert} -> msg_id -> status/message -> 0 | 1 | 2 | 3

Guessed: the meaning of the status numbers, that 1011 and the dry run speak for mixed audiences too, and that an
account may call status/message without asking for it; without it messages stay `sent`.

Connection `quanyu_jpush`: host = https://api.jpush.cn/v3, login = app key, password = master secret, extra
{"report_url": "https://report.jpush.cn/v3"?, "is_test": false?} (the Beijing zone has
https://bjapi.push.jiguang.cn/v3 and https://bjapi.push.jiguang.cn/v3/report; `is_test` is Apple's test service).

Sources: docs.jiguang.cn/jpush/server/push/rest_api_v3_push, ..._push_advanced (cid), ..._report.
"""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta

from quanyu.contracts import Channel, Connection, DedupKey, Message, Receipt, Record, Verdict
from quanyu.errors import ConfigurationError, DeliveryUnknown, NeedsPerson, Rejected, Retryable
from quanyu.transport import Http, json_of

log = logging.getLogger(__name__)

_REPORT = "https://report.jpush.cn/v3"
_A_DAY = 86_400
_LARGEST = 1000
_NO_TARGET = 1011
_IN_DOUBT = {1000, 1030}
_PERSON = {
    1004: "set login and password of the connection to the app key and its master secret.",
    1008: "set login of the connection to the app key.",
    2003: "the app key is barred from calling: see the console.",
    2004: "the account may not call this: ask JPush's sales staff to open it.",
}
_UNTOLD = -1
_VERDICTS = {0: Verdict.DELIVERED, 2: Verdict.FAILED, 3: Verdict.FAILED}


class JPush:
    """The app as a channel client; addresses are registration ids."""

    def __init__(self, http: Http, report: Http, where: Connection) -> None:
        self._http = http
        self._report = report
        self._headers = {"Authorization": authorization(where.login, where.password)}
        self._is_production = not where.extra.get("is_test", False)

    def reserve(self, batch_key: str) -> str:
        """Get a cid; it serves for one push and its repeats, for a day."""
        del batch_key
        answer = self._call(self._http, "GET", "/push/cid", params={"count": 1, "type": "push"})
        return str(answer["cidlist"][0])

    def send(self, batch_key: str, batch: Sequence[Message]) -> list[Receipt]:
        """Push one text; installs that are gone are refused, the others get it."""
        del batch_key
        answer = self._push(batch)
        if _code(answer) != _NO_TARGET:
            return _accepted(batch, answer)
        gone = {message.key for message in self._gone(batch)}
        refused = [
            Receipt(key=message.key, verdict=Verdict.REFUSED, code=str(_NO_TARGET))
            for message in batch
            if message.key in gone
        ]
        rest = [message for message in batch if message.key not in gone]
        if not rest:
            return refused
        answer = self._push(rest)
        if _code(answer) == _NO_TARGET:
            raise Rejected(
                f"jpush: of {len(rest)} registration ids none is a target, but the dry run takes each.",
                remedy="compare both in the console; nothing was pushed.",
            )
        return refused + _accepted(rest, answer)

    def ask(self, batch_key: str, batch: Sequence[Message]) -> list[Receipt]:
        """Nothing can be asked before a `msg_id` is known; a repeat under the same cid brings it."""
        del batch_key
        return [Receipt(key=message.key, verdict=Verdict.UNKNOWN) for message in batch]

    def receipts(self, sent: Sequence[Message]) -> Iterator[Receipt]:
        """Ask for each push which of its installs have it; those that have not yet are left out."""
        pushes: dict[tuple[str, date], list[Message]] = {}
        for message in sent:
            if message.provider_id and message.sent_on:
                pushes.setdefault((message.provider_id, message.sent_on), []).append(message)
        for (msg_id, day), messages in pushes.items():
            for at in range(0, len(messages), _LARGEST):
                yield from self._told(msg_id, day, messages[at : at + _LARGEST])

    def _told(self, msg_id: str, day: date, messages: Sequence[Message]) -> Iterator[Receipt]:
        installs = [message.address for message in messages]
        asked = {"msg_id": int(msg_id), "registration_ids": installs, "date": day.isoformat()}
        try:
            told = self._call(self._report, "POST", "/status/message", body=asked)
        except Rejected as error:
            log.warning("no receipts of push %s: %s", msg_id, error)
            return
        for message in messages:
            status = (told.get(message.address) or {}).get("status", _UNTOLD)
            if verdict := _VERDICTS.get(status):
                yield Receipt(key=message.key, verdict=verdict, provider_id=msg_id, code=str(status))

    def _push(self, batch: Sequence[Message]) -> Record:
        body = {"cid": batch[0].provider_key, **self._body(batch)}
        return self._call(self._http, "POST", "/push", body=body, repeatable=False)

    def _body(self, batch: Sequence[Message]) -> Record:
        return {
            "platform": "all",
            "audience": {"registration_id": [message.address for message in batch]},
            "notification": {"alert": batch[0].template.format_map(batch[0].params)},
            "options": {"time_to_live": _A_DAY, "apns_production": self._is_production},
        }

    def _gone(self, batch: Sequence[Message]) -> list[Message]:
        """Find the installs that are no target any more, by dry runs of halves."""
        if len(batch) == 1:
            return [] if self._is_taken(batch) else list(batch)
        middle = len(batch) // 2
        halves = (batch[:middle], batch[middle:])
        return [message for half in halves if not self._is_taken(half) for message in self._gone(half)]

    def _is_taken(self, batch: Sequence[Message]) -> bool:
        answer = self._call(self._http, "POST", "/push/validate", body=self._body(batch))
        return _code(answer) != _NO_TARGET

    def _call(
        self,
        http: Http,
        method: str,
        path: str,
        *,
        params: dict[str, str | int] | None = None,
        body: Record | None = None,
        repeatable: bool = True,
    ) -> Record:
        """Call; an answer of 1011 is the caller's to read, every other error is raised. Its message is left unread."""

        def once() -> Record:
            response = http.exchange(
                method, path, params=params or {}, json=body, headers=self._headers, repeatable=repeatable
            )
            answer = json_of(response, repeatable=repeatable)
            _check(path, _code(answer), response.status_code, repeatable=repeatable)
            return answer

        return http.retrying(once)


def authorization(app_key: str, master_secret: str) -> str:
    """The Authorization header of every call."""
    return "Basic " + base64.b64encode(f"{app_key}:{master_secret}".encode()).decode()


def _code(answer: Record) -> int:
    """The error's code; 0 when there is none."""
    error = answer.get("error")
    return int(error.get("code") or 0) if isinstance(error, dict) else 0


def _check(path: str, code: int, status: int, *, repeatable: bool) -> None:
    if code == _NO_TARGET or (status < 300 and not code):
        return
    said = f"jpush {path}: HTTP {status}, code {code}."
    if code in _IN_DOUBT:
        raise (Retryable if repeatable else DeliveryUnknown)(said)
    if code in _PERSON or status == 401:
        raise NeedsPerson(said, remedy=_PERSON.get(code, _PERSON[1004]))
    raise Rejected(said, remedy="look the code up in the push API's table of codes; nothing was pushed.")


def _accepted(batch: Sequence[Message], answer: Record) -> list[Receipt]:
    msg_id = str(answer.get("msg_id") or "")
    if not msg_id:
        raise DeliveryUnknown("jpush /push: the answer names no msg_id.")
    return [Receipt(key=message.key, verdict=Verdict.ACCEPTED, provider_id=msg_id) for message in batch]


@contextmanager
def connect(where: Connection) -> Iterator[JPush]:
    """Open the app behind the connection `quanyu_jpush`."""
    if not (where.login and where.password):
        raise ConfigurationError(
            f"the connection quanyu_{where.name} lacks login or password.",
            remedy="set login to the app key and password to its master secret.",
        )
    report_url = str(where.extra.get("report_url") or _REPORT)
    with Http.of(where) as http, Http(report_url, redact=[where.password]) as report:
        yield JPush(http, report, where)


CHANNEL = Channel(
    name="jpush",
    about=__doc__,
    connection="jpush",
    address_type="registration_id",
    ability=DedupKey(window=timedelta(days=1)),
    largest_batch=_LARGEST,
    connect=connect,
)
