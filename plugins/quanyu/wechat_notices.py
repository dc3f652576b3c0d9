"""Messages of WeChat that follow a template, one recipient per call: template messages and subscription messages.

The platform approved the text and keeps it; a call brings the values of its fields. A template is named by its id. Its
fields, `{{thing1.DATA}}`, are asked of the platform and filled in the order in which it lists them, with the variables
of the approved text in their order. What becomes of a message the platform pushes to the brand: `receipts_url` in the
connection's extra is the brand's own collector, asked with `?event=<name>&since=<date>`; without it nothing is heard.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from quanyu.contracts import Connection, Message, Receipt, Record, Verdict
from quanyu.errors import NeedsPerson, Rejected, TokenExpired
from quanyu.fan import Answer, Call, Fan
from quanyu.heard import collected
from quanyu.wechat import CREDENTIALS, WeChat

# Nobody of that openid can be written to: unknown, no follower, black-listed, no consent left, messages switched off.
_NEVER = frozenset({40003, 43004, 43019, 43101, 48002, 49003, 50005})

_FIELD = re.compile(r"\{\{\s*(\w+)\.DATA\s*\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How one of the two families is called and what it tells.

    `templates` is the path that lists the account's templates, `listed_as` where the list stands in the answer, `id_as`
    the template's id in a row. `link_as` is the field for where a tap leads, `key_as` the one for a key of ours.
    `event` names the push that tells the outcome, `told` reads (message id, verdict, code) from its body. `fits` are
    the patterns of values by kind of field; what does not fit is refused by the platform.
    """

    path: str
    templates: str
    listed_as: str
    id_as: str
    link_as: str
    event: str
    told: Callable[[Record], Iterator[tuple[str, Verdict, str]]]
    key_as: str = ""
    fits: Mapping[str, re.Pattern[str]] = field(default_factory=dict)


class Notices:
    """The account as a channel client; `links` in the connection's extra says by template where a tap leads."""

    def __init__(self, api: WeChat, fan: Fan, kind: Kind, where: Connection) -> None:
        self._api = api
        self._fan = fan
        self._kind = kind
        self._links: Mapping[str, str] = where.extra.get("links") or {}
        self._collector = str(where.extra.get("receipts_url") or "")
        self._templates: dict[str, list[str]] = {}

    @property
    def pace(self) -> float:
        """Calls per second that the platform allows."""
        return self._fan.pace

    def send(self, batch_key: str, batch: Sequence[Message]) -> list[Receipt]:
        """Call once for each message; openids that cannot be written to are refused with the platform's code."""
        del batch_key
        fields = self._fields(batch[0])
        tokens = _Tokens(self._api)

        def call_of(message: Message) -> Call | Receipt:
            values = dict(zip(fields, message.values, strict=True))
            if misfit := self._misfit(values):
                return Receipt(key=message.key, verdict=Verdict.REFUSED, code=f"47003 {misfit}")
            query = {"access_token": tokens.of(message)}
            return Call("POST", self._kind.path, params=query, json=self._body(message, values))

        def receipt_of(message: Message, answer: Answer) -> Receipt:
            said = answer.json()
            with tokens.watched(message):
                self._api.check(said, self._kind.path, repeatable=False, accept=_NEVER)
            if code := int(said.get("errcode") or 0):
                return Receipt(key=message.key, verdict=Verdict.REFUSED, code=str(code))
            return Receipt(key=message.key, verdict=Verdict.ACCEPTED, provider_id=str(said.get("msgid") or ""))

        return self._fan.deliver(batch, call_of, receipt_of)

    def ask(self, batch_key: str, batch: Sequence[Message]) -> list[Receipt]:
        """Nothing can be asked."""
        del batch_key
        return [Receipt(key=message.key, verdict=Verdict.UNKNOWN) for message in batch]

    def receipts(self, sent: Sequence[Message]) -> Iterator[Receipt]:
        """Read what the collector was told since the oldest of these messages."""
        keys = {message.provider_id: message.key for message in sent if message.provider_id}
        days = [message.sent_on for message in sent if message.sent_on is not None]
        if not (self._collector and keys and days):
            return
        for body in collected(self._collector, event=self._kind.event, since=min(days).isoformat()):
            at = datetime.fromtimestamp(int(body["CreateTime"]), UTC) if body.get("CreateTime") else None
            for msgid, verdict, code in self._kind.told(body):
                if key := keys.get(msgid):
                    yield Receipt(key=key, verdict=verdict, provider_id=msgid, code=code, at=at)

    def _body(self, message: Message, values: Mapping[str, str]) -> Record:
        return {
            "touser": message.address,
            "template_id": message.code,
            "data": {name: {"value": value} for name, value in values.items()},
            **({self._kind.link_as: self._links[message.code]} if message.code in self._links else {}),
            **({self._kind.key_as: message.key} if self._kind.key_as else {}),
        }

    def _fields(self, message: Message) -> list[str]:
        """The template's fields in the platform's order. Raises Rejected when the message does not match them."""
        if message.code not in self._templates:
            rows = self._api.call("GET", self._kind.templates).get(self._kind.listed_as) or ()
            self._templates = {str(row[self._kind.id_as]): _FIELD.findall(str(row["content"])) for row in rows}
        fields = self._templates.get(message.code)
        if fields is None:
            raise Rejected(
                f"the account has no template {message.code}.",
                remedy="add it in the account's console, or name the right one in the segment and the seed.",
            )
        if len(fields) != len(message.values):
            raise Rejected(
                f"template {message.code} has {len(fields)} fields ({', '.join(fields)}), its text in the seed"
                f" message_templates has {len(message.values)} variables.",
                remedy="write the text with one variable per field, in the platform's order.",
            )
        return fields

    def _misfit(self, values: Mapping[str, str]) -> str:
        """The field whose value the platform would refuse; empty when there is none."""
        for name, value in values.items():
            pattern = self._kind.fits.get(name.rstrip("0123456789"))
            if pattern is not None and not pattern.fullmatch(value):
                return name
        return ""


class _Tokens:
    """The token of each call under way: when the platform refuses one, the next attempt takes another, once."""

    def __init__(self, api: WeChat) -> None:
        self._api = api
        self._used: dict[str, str] = {}
        self._refused: set[str] = set()

    def of(self, message: Message) -> str:
        """The token for the next call about a message."""
        token = self._api.token()
        if token in self._refused:
            token = self._api.token(refused=token)
        self._used[message.key] = token
        return token

    @contextmanager
    def watched(self, message: Message) -> Iterator[None]:
        """Remember the message's token as refused when the block raises TokenExpired; the second one is a person's."""
        try:
            yield
        except TokenExpired as error:
            self._refused.add(self._used[message.key])
            if len(self._refused) > 1:
                raise NeedsPerson(f"{error.message} Even the token issued a moment ago.", remedy=CREDENTIALS) from None
            raise
