"""WeChat Pay v3: signed calls, checked answers, and the bill of a day."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from datetime import time as clock_time
from functools import cached_property, partial
from urllib.parse import urlencode, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from quanyu.contracts import Connection, Page, Record, Window, ready_from
from quanyu.errors import ConfigurationError, NeedsPerson, NotReady, QuanyuError, Rejected, Retryable, Throttled
from quanyu.settings import utc_now
from quanyu.sources.wechat_pay.bill import rows
from quanyu.transport import Http, json_of, place

_SCHEME = "WECHATPAY2-SHA256-RSA2048"
READY_AT = clock_time(10)
_WAIT = "run it again from 10:00 on: bills are made in the morning after."
_KEYS = (
    "set login to the merchant id, password to its API private key (PEM) and extra.serial_no to the serial number of"
    " the certificate of that key; the clock of this machine must be right to five minutes."
)
_PLATFORM_KEY = "put the public key of WeChat Pay and its id (PUB_KEY_ID_...) from the merchant console into extra."
_LATER = "run it again later; if it stays so, see the platform's notices."
_CHANGED = "the platform changed its answer: please report this."
_NO_BILL = "NO_STATEMENT_EXIST"
_GZIP = 16 + zlib.MAX_WBITS


class Merchant:
    """One merchant's bills."""

    def __init__(self, http: Http, where: Connection) -> None:
        self._http = http
        self._where = where

    def trades(self, window: Window) -> Iterator[Page]:
        """Read the bill of each day; a day without payments and refunds has none and is an empty page."""
        for day in window.days():
            with place(f"wechat_pay.trades {day}"):
                yield Page(self._bill(day), day)

    def _bill(self, day: date) -> list[Record]:
        announced = self._http.retrying(partial(self._apply, day))
        return rows(self._http.retrying(partial(self._download, announced))) if announced else []

    def _apply(self, day: date) -> Record:
        """Ask where the bill is; an empty record when there is none."""
        query = urlencode({"bill_date": day.isoformat(), "bill_type": "ALL", "tar_type": "GZIP"})
        target = f"/v3/bill/tradebill?{query}"
        response = self._http.exchange("GET", target, headers=self._headers(target))
        answer = json_of(response)
        if response.status_code == 200:
            self._verify(response.headers, response.content)
            return answer
        if answer.get("code") == _NO_BILL and not _is_being_made(day):
            return {}
        raise error_of(response.status_code, answer)

    def _download(self, announced: Record) -> str:
        # Only the path of the address is used: our signature goes to the platform's own host and nowhere else.
        address = urlsplit(str(announced.get("download_url")))
        self._http.keep_secret(address.query)
        target = f"{address.path}?{address.query}"
        response = self._http.exchange("GET", target, headers=self._headers(target))
        if response.status_code != 200:
            raise error_of(response.status_code, json_of(response))
        content = _unzipped(response.content)
        if announced.get("hash_type") != "SHA1":
            raise Rejected(f"the bill's hash is {announced.get('hash_type')!r}, not SHA1.", remedy=_CHANGED)
        digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        if digest != str(announced.get("hash_value")).lower():
            raise Retryable("the bill that came is not the one announced: its hash differs.", remedy=_LATER)
        return content.decode()

    def _headers(self, target: str) -> Mapping[str, str]:
        """Sign a GET of `target`, path and query, anew for every attempt."""
        timestamp, nonce = str(int(utc_now().timestamp())), secrets.token_hex(16)
        signature = sign(self._private_key, f"GET\n{target}\n{timestamp}\n{nonce}\n\n")
        said = {
            "mchid": self._where.login,
            "nonce_str": nonce,
            "signature": signature,
            "timestamp": timestamp,
            "serial_no": self._where.extra["serial_no"],
        }
        return {
            "Accept": "application/json",
            "Authorization": f"{_SCHEME} " + ",".join(f'{name}="{value}"' for name, value in said.items()),
            "Wechatpay-Serial": str(self._where.extra["platform_public_key_id"]),
        }

    def _verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """Refuse an answer that the platform did not sign."""
        serial = headers.get("wechatpay-serial", "")
        if serial != self._where.extra["platform_public_key_id"]:
            raise NeedsPerson(f"the answer is signed with the key {serial or 'of nobody'}.", remedy=_PLATFORM_KEY)
        text = f"{headers.get('wechatpay-timestamp')}\n{headers.get('wechatpay-nonce')}\n".encode() + body + b"\n"
        try:
            signature = base64.b64decode(headers.get("wechatpay-signature", ""), validate=True)
            self._platform_key.verify(signature, text, PKCS1v15(), SHA256())
        except (InvalidSignature, binascii.Error):
            raise Retryable("the answer's signature is not the platform's.", remedy=_PLATFORM_KEY) from None

    @cached_property
    def _private_key(self) -> RSAPrivateKey:
        try:
            key = load_pem_private_key(private_key_of(self._where).encode(), password=None)
        except ValueError:
            key = None
        if not isinstance(key, RSAPrivateKey):
            raise NeedsPerson("the API private key cannot be read.", remedy=_KEYS)
        return key

    @cached_property
    def _platform_key(self) -> RSAPublicKey:
        try:
            key = load_pem_public_key(str(self._where.extra["platform_public_key"]).encode())
        except ValueError:
            key = None
        if not isinstance(key, RSAPublicKey):
            raise NeedsPerson("the platform's public key cannot be read.", remedy=_PLATFORM_KEY)
        return key


def sign(key: RSAPrivateKey, text: str) -> str:
    """SHA256-RSA2048 over `METHOD\\npath?query\\ntimestamp\\nnonce\\nbody\\n`, base64."""
    return base64.b64encode(key.sign(text.encode(), PKCS1v15(), SHA256())).decode()


def error_of(status: int, answer: Record) -> QuanyuError:
    """Translate a refusal: HTTP 4xx with a code in words."""
    code = str(answer.get("code"))
    message = f"HTTP {status}, {code}, {answer.get('message')}."
    if code in {_NO_BILL, "STATEMENT_CREATING"}:
        return NotReady(message, remedy=_WAIT)
    if code in {"FREQUENCY_LIMITED", "FREQUENCY_LIMIT_EXCEED", "RATELIMIT_EXCEEDED"}:
        return Throttled(message)
    if code == "SYSTEM_ERROR":
        return Retryable(message, remedy=_LATER)
    if status == 401:
        return NeedsPerson(message, remedy=_KEYS)
    if status == 403:
        return NeedsPerson(message, remedy="let the merchant's administrator grant bills to this account.")
    return Rejected(message, remedy="look the code up in the platform's documents of bills.")


def _unzipped(content: bytes) -> bytes:
    """The bill's text. Raises Retryable for half a file, or for a page of somebody else."""
    reader = zlib.decompressobj(_GZIP)
    try:
        text = reader.decompress(content) + reader.flush()
    except zlib.error:
        text = b""
    if not reader.eof:
        raise Retryable(f"the bill is no whole gzip file ({len(content)} bytes).", remedy=_LATER)
    return text


def _is_being_made(day: date) -> bool:
    return ready_from(day, clock_time()) <= utc_now() < ready_from(day, READY_AT)


def private_key_of(where: Connection) -> str:
    """The API private key as PEM; the password, or `extra.private_key` where line ends get lost in a password."""
    return str(where.extra.get("private_key") or where.password)


@contextmanager
def connect(where: Connection, *, sleep: Callable[[float], None] = time.sleep) -> Iterator[Merchant]:
    """Open one merchant."""
    if not where.login or not private_key_of(where) or not where.extra.get("serial_no"):
        raise ConfigurationError(f"the connection quanyu_{where.name} is incomplete.", remedy=_KEYS)
    if not where.extra.get("platform_public_key") or not where.extra.get("platform_public_key_id"):
        raise ConfigurationError(
            f"the connection quanyu_{where.name} lacks the platform's public key.", remedy=_PLATFORM_KEY
        )
    with Http.of(where, private_key_of(where), sleep=sleep) as http:
        yield Merchant(http, where)
