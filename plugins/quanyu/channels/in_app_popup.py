"""In-app popup: a signed document per user, in a bucket that the app pulls from; no vendor stands between.

What it promises: a popup has one id, so writing it again changes nothing, and a document says nothing that the brand
did not sign (Ed25519: the app holds the public key and no secret). What it does not: that anybody opens the app.
`accepted` means that the popup lies in the document. What became of it the app tells by events of our own tracking,
`popup_shown` and `popup_clicked` with `properties.popup_id`; `fct_messages` has them as `read_at` and `clicked_at`.

    <feed id>.json = {"document": "<JSON text>", "signature": base64} over the text's bytes
    document = {feed_id, issued_at, expires_at, popups: [{popup_id, version, start_at, end_at, priority,
                frequency {per_day, total}, content {title, body}, deeplink}]}

The feed id is HMAC-SHA-256 of the user id under `feed_secret`: nobody finds another user's document, and the brand's
own server, which knows the secret, tells each app its own. An app shows nothing of a document whose signature, feed id
or `expires_at` is wrong. Popups of other campaigns that are still valid stay. Two campaigns that write one user's
document in the same moment could lose one popup: the ledger gives a person one message a night, and each campaign of a
channel its turn. The template is "title, empty line, body"; a segment's column `deeplink` is where a tap leads.
`forget` removes the document of somebody who is erased.

Connection `quanyu_in_app_popup`: host = s3://bucket/prefix (or file:///folder), login and password = its keys, extra
{"signing_key": base64 of the 32 bytes of an Ed25519 key, "feed_secret", "endpoint_url"?, "region_name"?, "days": 7?,
"priority": 50?, "per_day": 1?, "total": 3?}.

The contract is our own (RFC 8032 for the signature).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from quanyu.contracts import Channel, Connection, DedupKey, Message, Receipt, Record, Verdict
from quanyu.errors import ConfigurationError, DeliveryUnknown, QuanyuError, Rejected
from quanyu.filedrop import FileDrop, open_drop
from quanyu.settings import utc_now

_NUMBERS = {"days": 7, "priority": 50, "per_day": 1, "total": 3}


class InAppPopup:
    """The bucket as a channel client; addresses are the app's user ids."""

    def __init__(self, drop: FileDrop, where: Connection) -> None:
        self._drop = drop
        self._key = _signing_key(where)
        self._secret = str(where.extra["feed_secret"]).encode()
        self._numbers = {name: int(where.extra.get(name, default)) for name, default in _NUMBERS.items()}

    def send(self, batch_key: str, batch: Sequence[Message]) -> list[Receipt]:
        """Put each user's popup into their document; a document that may not be written is in doubt alone."""
        del batch_key
        receipts: list[Receipt] = []
        for message in batch:
            name = feed_id(self._secret, message.address)
            try:
                self._show(name, _popup(message, self._numbers))
            except DeliveryUnknown:
                receipts.append(Receipt(key=message.key, verdict=Verdict.UNKNOWN))
            except QuanyuError as error:
                error.receipts = receipts
                raise
            else:
                receipts.append(Receipt(key=message.key, verdict=Verdict.ACCEPTED, provider_id=message.key[:32]))
        return receipts

    def ask(self, batch_key: str, batch: Sequence[Message]) -> list[Receipt]:
        """A repeat writes the same again."""
        del batch_key
        return [Receipt(key=message.key, verdict=Verdict.UNKNOWN) for message in batch]

    def receipts(self, sent: Sequence[Message]) -> Iterator[Receipt]:
        """None: what was shown is told by the app's own events."""
        del sent
        return iter(())

    def forget(self, addresses: Iterable[str]) -> None:
        """Remove the documents of users who are erased."""
        for address in addresses:
            self._drop.remove(f"{feed_id(self._secret, address)}.json")

    def _show(self, name: str, popup: Record) -> None:
        now = utc_now()
        others = [one for one in self._valid(name, now) if one["popup_id"] != popup["popup_id"]]
        popups = sorted([*others, popup], key=lambda one: (-int(one["priority"]), str(one["popup_id"])))
        document = json.dumps(
            {
                "feed_id": name,
                "issued_at": now.isoformat(),
                "expires_at": max(str(one["end_at"]) for one in popups),
                "popups": popups,
            },
            ensure_ascii=False,
        )
        signature = base64.b64encode(self._key.sign(document.encode())).decode()
        signed = json.dumps({"document": document, "signature": signature}, ensure_ascii=False)
        self._drop.write(f"{name}.json", signed.encode())

    def _valid(self, name: str, now: datetime) -> list[Record]:
        """Popups that are in the document and have not ended; none when it is not ours."""
        content = self._drop.read(f"{name}.json")
        if content is None:
            return []
        try:
            signed = json.loads(content)
            self._key.public_key().verify(base64.b64decode(signed["signature"]), signed["document"].encode())
            popups: list[Record] = json.loads(signed["document"])["popups"]
        except (ValueError, KeyError, TypeError, AttributeError, InvalidSignature):
            return []
        return [one for one in popups if datetime.fromisoformat(one["end_at"]) > now]


def feed_id(secret: bytes, user_id: str) -> str:
    """The name of a user's document, in 64 hex digits."""
    return hmac.new(secret, f"feed|{user_id}".encode(), hashlib.sha256).hexdigest()


def _popup(message: Message, numbers: dict[str, int]) -> Record:
    title, divider, body = message.template.partition("\n\n")
    if not divider:
        raise Rejected(
            "in_app_popup: the template has no title.",
            remedy="begin it with the title and an empty line; nothing was written.",
        )
    start = utc_now().replace(microsecond=0)
    return {
        "popup_id": message.key[:32],
        "version": 1,
        "start_at": start.isoformat(),
        "end_at": (start + timedelta(days=numbers["days"])).isoformat(),
        "priority": numbers["priority"],
        "frequency": {"per_day": numbers["per_day"], "total": numbers["total"]},
        "content": {"title": title.format_map(message.params), "body": body.format_map(message.params)},
        "deeplink": message.params.get("deeplink", ""),
    }


def _signing_key(where: Connection) -> Ed25519PrivateKey:
    try:
        seed = base64.b64decode(str(where.extra.get("signing_key") or ""), validate=True)
        return Ed25519PrivateKey.from_private_bytes(seed)
    except (binascii.Error, ValueError):
        raise ConfigurationError(
            f"quanyu_{where.name}: extra.signing_key is no Ed25519 key.",
            remedy="put 32 bytes in base64 there (openssl rand -base64 32), and its public key into the app.",
        ) from None


@contextmanager
def connect(where: Connection) -> Iterator[InAppPopup]:
    """Open the bucket behind the connection `quanyu_in_app_popup`."""
    with open_drop(where) as drop:
        if len(str(where.extra.get("feed_secret") or "")) < 32:
            raise ConfigurationError(
                f"quanyu_{where.name}: extra.feed_secret is missing or shorter than 32 characters.",
                remedy="make one with `openssl rand -base64 32` and give it to the brand's own server.",
            )
        yield InAppPopup(drop, where)


CHANNEL = Channel(
    name="in_app_popup",
    about=__doc__,
    connection="in_app_popup",
    address_type="app_user_id",
    ability=DedupKey(window=timedelta(days=2)),
    largest_batch=100,
    is_personal=True,
    has_receipts=False,
    connect=connect,
)
