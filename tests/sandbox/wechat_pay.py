"""WeChat Pay v3 of one merchant: apply for a day's bill, download it.

GET /v3/bill/tradebill?bill_date&bill_type&tar_type   hash and download_url; signed both ways
GET /v3/billdownload/file?token                       the bill, gzip; signed by the caller only

Both parties' keys are made when the first sandbox of a process starts and are nowhere written down. A day without
a payment or refund has no bill (NO_STATEMENT_EXIST). Fault kind of its own: `not_ready` (STATEMENT_CREATING).
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, ClassVar

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.sandbox.faults import Faults
from tests.sandbox.platform import ENTRY, Clock, Platform
from tests.sandbox.wechat_pay_bill import bill
from tests.sandbox.world import World
from tests.sandbox.world.systems.wechat_pay import movements

MCHID = "1900000109"
SERIAL = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
PUBLIC_KEY_ID = "PUB_KEY_ID_0119000001092026112000000001"

_SCHEME = "WECHATPAY2-SHA256-RSA2048"
_AUTHORIZATION = re.compile(r'(\w+)="([^"]*)"')
_SKEW = timedelta(minutes=5)
_URL_LIFE = timedelta(minutes=5)
_KEPT = timedelta(days=92)


class PayError(Exception):
    """A refusal: HTTP status, code, message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass(frozen=True)
class Download:
    """A bill somebody applied for."""

    day: date
    kind: str
    is_zipped: bool
    until: datetime
    content: bytes


@lru_cache(maxsize=2)
def key_of(_party: str) -> rsa.RSAPrivateKey:
    """The private key of the `merchant` or of the `platform`, made once per process: making one takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class WeChatPay(Platform):
    """One merchant's bills."""

    name: ClassVar[str] = "wechat_pay"

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        self._downloads: dict[str, Download] = {}

    def connection(self, url: str) -> dict[str, Any]:
        """Merchant id and its private key; the platform's public key to check answers with."""
        private = key_of("merchant").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        public = key_of("platform").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        extra = {
            "serial_no": SERIAL,
            "platform_public_key": public.decode(),
            "platform_public_key_id": PUBLIC_KEY_ID,
        }
        return {"conn_type": "http", "host": url, "login": MCHID, "password": private.decode(), "extra": extra}

    def routes(self) -> list[web.RouteDef]:
        """What `api.mch.weixin.qq.com` serves of bills."""
        return [
            web.get("/v3/bill/tradebill", self._serve(self._apply)),
            web.get("/v3/billdownload/file", self._serve(self._download)),
        ]

    def _serve(self, handle: Callable[[web.Request], web.Response]) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            try:
                self._authorise(request, (await request.read()).decode())
                return handle(request)
            except PayError as error:
                request[ENTRY]["outcome"] = error.code
                return self._signed({"code": error.code, "message": error.message}, error.status)

        return answer

    def _authorise(self, request: web.Request, body: str) -> None:
        """Check the pace, and the signature over what arrived, to the byte."""
        if self.faults.take("throttle", request.path):
            raise PayError(429, "FREQUENCY_LIMITED", "频率超限，请降低请求接口频率")
        scheme, _, fields = request.headers.get("Authorization", "").partition(" ")
        said = dict(_AUTHORIZATION.findall(fields))
        if scheme != _SCHEME or said.keys() != {"mchid", "nonce_str", "signature", "timestamp", "serial_no"}:
            raise PayError(401, "SIGN_ERROR", "Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》")
        if said["mchid"] != MCHID or said["serial_no"] != SERIAL:
            raise PayError(401, "SIGN_ERROR", "商户号或商户证书序列号错误")
        at = datetime.fromtimestamp(int(said["timestamp"] or 0), tz=self.clock.now().tzinfo)
        if abs(at - self.clock.now()) > _SKEW:
            raise PayError(401, "SIGN_ERROR", "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟")
        text = f"{request.method}\n{request.raw_path}\n{said['timestamp']}\n{said['nonce_str']}\n{body}\n"
        try:
            key_of("merchant").public_key().verify(
                base64.b64decode(said["signature"]), text.encode(), PKCS1v15(), SHA256()
            )
        except (InvalidSignature, ValueError):
            raise PayError(401, "SIGN_ERROR", "错误的签名，导致验签失败") from None

    def _apply(self, request: web.Request) -> web.Response:
        asked = request.query
        kind, packing = asked.get("bill_type", "ALL"), asked.get("tar_type", "")
        try:
            day = date.fromisoformat(asked.get("bill_date", ""))
        except ValueError:
            raise PayError(400, "PARAM_ERROR", "bill_date: yyyy-MM-DD") from None
        if kind not in {"ALL", "SUCCESS", "REFUND"} or packing not in {"", "GZIP"}:
            raise PayError(400, "PARAM_ERROR", "bill_type or tar_type")
        if not self.clock.today - _KEPT <= day <= self.clock.today:
            raise PayError(400, "INVALID_REQUEST", "请检查bill_date")
        if self.faults.take("not_ready", request.path):
            raise PayError(400, "STATEMENT_CREATING", "账单生成中")
        content = self._bill(day, kind, request.path)
        until = self.clock.now() + _URL_LIFE
        token = hashlib.sha256(f"{day}{kind}{len(self._downloads)}".encode()).hexdigest()
        self._downloads[token] = Download(day, kind, packing == "GZIP", until, content)
        return self._signed(
            {
                "hash_type": "SHA1",
                "hash_value": hashlib.sha1(content).hexdigest(),
                "download_url": f"{self.url}/v3/billdownload/file?token={token}",
            }
        )

    def _bill(self, day: date, kind: str, path: str) -> bytes:
        rows = [
            one
            for one in movements(self.world)
            if one.at.date() == day and (kind == "ALL" or (kind == "REFUND") is bool(one.refund_id))
        ]
        if not rows:
            raise PayError(400, "NO_STATEMENT_EXIST", "账单文件不存在")
        drifts = self.faults.take("unknown_column", path)
        is_odd = self.faults.take("changed_type", path)
        return bill(rows, MCHID, more="x_new_field" if drifts else "", is_odd=is_odd)

    def _download(self, request: web.Request) -> web.Response:
        wanted = self._downloads.get(request.query.get("token", ""))
        if wanted is None or wanted.until < self.clock.now():
            raise PayError(400, "INVALID_REQUEST", "请重新获取账单地址后再请求")
        body = gzip.compress(wanted.content, mtime=0) if wanted.is_zipped else wanted.content
        # The answer to a download carries no signature; the hash of the application vouches for it.
        return web.Response(body=body, content_type="application/octet-stream")

    def _signed(self, answer: dict[str, Any], status: int = 200) -> web.Response:
        body = json.dumps(answer, ensure_ascii=False)
        timestamp, nonce = str(int(self.clock.now().timestamp())), hashlib.md5(body.encode()).hexdigest()
        signature = key_of("platform").sign(f"{timestamp}\n{nonce}\n{body}\n".encode(), PKCS1v15(), SHA256())
        headers = {
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": base64.b64encode(signature).decode(),
            "Wechatpay-Serial": PUBLIC_KEY_ID,
            "Wechatpay-Signature-Type": _SCHEME,
        }
        return web.Response(text=body, status=status, headers=headers, content_type="application/json")
