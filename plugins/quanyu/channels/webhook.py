"""Generic webhook (Standard Webhooks 1.0.0): one signed event per person to an endpoint of the brand or a partner.

What it promises: `webhook-id` is the message's key, the same however often and in whatever batch it goes out. The
specification makes it the receiver's idempotency key, so a repeat is dropped there; a receiver keeps ids for two days,
which is longer than we may repeat. An answer 2xx means that the receiver has the event: `delivered`. What it does not:
what the receiver does with it. An event is a person, not a batch: a repeated batch may have fewer people, and parts cut
anew under old ids would lose some of them.

    {type, timestamp, data: {one_id, text, params}} < 20 kB, signed id.timestamp.body -> 2xx | 410 | 429 | 5xx

410 switches the endpoint off: no further call on any night, until a person decides (`quanyu outbox resume`). 429 and a
slice of calls without one answer (502, 504, silence) end the batch; what was not called goes out later. Redirects are
not followed. A URL that leads to a private address is refused, at every batch anew, since a name may change its mind;
`allow_private` is for the sandbox.

Connection `quanyu_webhook`: host = https://receiver.example/path, password = the secret `whsec_<base64>` (while it is
being changed: new and old, separated by a space; both sign), extra {"type": "quanyu.member"?, "allow_private": false?}.

Source: standard-webhooks/standard-webhooks, spec/standard-webhooks.md. The two days are ours: it names no number.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

from standardwebhooks import Webhook as Signer

from quanyu.contracts import Channel, Connection, DedupKey, Message, Receipt, Verdict
from quanyu.errors import (
    ConfigurationError,
    DeliveryUnknown,
    NeedsPerson,
    QuanyuError,
    Rejected,
    Retryable,
    SwitchedOff,
    Throttled,
)
from quanyu.fan import Answer, Call, Fan
from quanyu.settings import utc_now

_AT_ONCE = 16
# So many calls without one answer are an outage; the next ones would only add to it.
_SLICE = 4 * _AT_ONCE
_BREATH = 5.0
_LARGEST = 20_000
_TYPE = "quanyu.member"
_PAGES = (b"<!doctype", b"<html")
# The receiver read the event and does not want it; other events it may.
_THIS_ONE = {400, 413, 422}


class Webhook:
    """One endpoint as a channel client; addresses are what the receiver knows people by."""

    def __init__(self, fan: Fan, where: Connection) -> None:
        self._fan = fan
        self._where = where
        url = urlsplit(where.url)
        self._path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        self._type = str(where.extra.get("type") or _TYPE)
        self._signers = [Signer(secret) for secret in where.password.split()]

    @property
    def pace(self) -> float:
        """Calls per second that the platform allows."""
        return self._fan.pace

    def send(self, batch_key: str, batch: Sequence[Message]) -> list[Receipt]:
        """Call once per person; whose event is too large is refused alone."""
        del batch_key
        _require_public(self._where)
        receipts: list[Receipt] = []
        for at in range(0, len(batch), _SLICE):
            part = batch[at : at + _SLICE]
            try:
                said = self._fan.deliver(part, self._call_of, self._receipt_of)
            except QuanyuError as error:
                error.receipts = [*receipts, *error.receipts]
                raise
            receipts += said
            rest = batch[at + _SLICE :]
            if rest and all(receipt.verdict is Verdict.UNKNOWN for receipt in said):
                time.sleep(_BREATH)
                return receipts + [Receipt(key=message.key, verdict=Verdict.LATER) for message in rest]
        return receipts

    def ask(self, batch_key: str, batch: Sequence[Message]) -> list[Receipt]:
        """A receiver cannot be asked; a repeat under the same ids brings its answer."""
        del batch_key
        return [Receipt(key=message.key, verdict=Verdict.UNKNOWN) for message in batch]

    def receipts(self, sent: Sequence[Message]) -> Iterator[Receipt]:
        """None: an answer 2xx was the last word."""
        del sent
        return iter(())

    def _call_of(self, message: Message) -> Call | Receipt:
        now = utc_now()
        event = {
            "type": self._type,
            "timestamp": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "data": {
                "one_id": message.address,
                "text": message.template.format_map(message.params),
                "params": dict(message.params),
            },
        }
        body = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
        content = body.encode()
        if len(content) >= _LARGEST:
            return Receipt(key=message.key, verdict=Verdict.REFUSED, code="too large")
        headers = {
            "content-type": "application/json",
            "webhook-id": message.key,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signer.sign(message.key, now, body) for signer in self._signers),
        }
        return Call("POST", self._path, headers=headers, content=content)

    def _receipt_of(self, message: Message, answer: Answer) -> Receipt:
        host, status = urlsplit(self._where.url).netloc, answer.status
        if 200 <= status < 300 and answer.content.lstrip().lower().startswith(_PAGES):
            raise DeliveryUnknown(f"{host} answers {status} with a page: a gateway before the receiver.")
        if 200 <= status < 300:
            return Receipt(key=message.key, verdict=Verdict.DELIVERED, provider_id=message.key, code=str(status))
        if status in _THIS_ONE:
            return Receipt(key=message.key, verdict=Verdict.REFUSED, code=str(status))
        if status == 410:
            raise SwitchedOff(
                f"{host} answers 410: the endpoint wants no more events.",
                remedy=f"ask its owner; then delete the connection quanyu_{self._where.name}, or correct its host and"
                f" run `quanyu outbox resume {CHANNEL.name}`.",
            )
        if status in {401, 403}:
            raise NeedsPerson(
                f"{host} answers {status}: it does not accept our signature.",
                remedy="set password to the receiver's current secret, and check both clocks.",
            )
        if status == 408:
            raise Throttled(f"{host} answers {status}.")
        raise Rejected(
            f"{host} answers {status}: it does not take our events.",
            remedy="correct the host's path, or show the receiver's owner the event; nothing of this call was taken.",
        )


def _require_public(where: Connection) -> None:
    """Refuse an endpoint inside a private network: through us, whoever names it could reach what stands there."""
    if where.extra.get("allow_private"):
        return
    url = urlsplit(where.url)
    try:
        found = socket.getaddrinfo(url.hostname, url.port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Retryable(f"{url.hostname} is not found.", remedy="correct the connection's host.") from None
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    if not all(address.is_global and not address.is_multicast for address in addresses):
        raise NeedsPerson(
            f"{url.hostname} leads to a private address.",
            remedy="name a public host, or set extra.allow_private if the receiver is meant to be inside.",
        )


def _are_secrets(password: str) -> bool:
    """Whether all parts are `whsec_` and 24 to 64 bytes in base64."""
    parts = password.split()
    try:
        keys = [base64.b64decode(part.removeprefix("whsec_"), validate=True) for part in parts]
    except (binascii.Error, ValueError):
        return False
    return bool(parts) and all(
        part.startswith("whsec_") and 24 <= len(key) <= 64 for part, key in zip(parts, keys, strict=True)
    )


@contextmanager
def connect(where: Connection) -> Iterator[Webhook]:
    """Open the endpoint behind the connection `quanyu_webhook`; the first call is made by the first batch."""
    url = urlsplit(where.url)
    is_safe = url.scheme == "https" or (url.scheme == "http" and where.extra.get("allow_private"))
    if not (is_safe and url.hostname and _are_secrets(where.password)):
        raise ConfigurationError(
            f"the connection quanyu_{where.name} names no https URL or no secret.",
            remedy="set host to the endpoint's URL and password to `whsec_` and 24 to 64 bytes in base64.",
        )
    origin = Connection(name=where.name, url=f"{url.scheme}://{url.netloc}", extra=where.extra)
    with Fan.of(origin, at_once=_AT_ONCE, is_public=not where.extra.get("allow_private")) as fan:
        yield Webhook(fan, where)


CHANNEL = Channel(
    name="webhook",
    about=__doc__,
    connection="webhook",
    address_type="one_id",
    ability=DedupKey(window=timedelta(days=2)),
    largest_batch=1000,
    is_personal=True,
    connect=connect,
)
