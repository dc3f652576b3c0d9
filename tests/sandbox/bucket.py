"""An S3-like bucket, path-style, one account, signatures checked (SigV4): PUT, GET, HEAD, DELETE and a listing.

Fault kinds beyond the generic ones: `throttle` (503 SlowDown). Faults are matched against the HTTP method.
"""

from __future__ import annotations

import hashlib
import hmac
from email.utils import format_datetime
from typing import Any, ClassVar
from urllib.parse import parse_qsl, quote

from aiohttp import web

from tests.sandbox.faults import Faults
from tests.sandbox.platform import ENTRY, Clock, Platform
from tests.sandbox.world import World

ACCESS_KEY = "AKSANDBOXBUCKET00001"
REGION = "cn-shanghai"


class Bucket(Platform):
    """The objects of one bucket; a subclass says what becomes of a file that was written whole."""

    secret: ClassVar[str] = ""
    prefix: ClassVar[str] = "drop"

    def __init__(self, world: World, faults: Faults, clock: Clock) -> None:
        super().__init__(world, faults, clock)
        self.objects: dict[str, bytes] = {}

    @property
    def bucket(self) -> str:
        """Its name."""
        return self.name.replace("_", "-")

    def connection(self, url: str) -> dict[str, Any]:
        """Keys, and where the store answers."""
        return {
            "conn_type": "aws",
            "host": f"s3://{self.bucket}/{self.prefix}",
            "login": ACCESS_KEY,
            "password": self.secret,
            "extra": {"endpoint_url": url, "region_name": REGION},
        }

    def routes(self) -> list[web.RouteDef]:
        """The bucket's objects and its listing."""
        return [
            web.get(f"/{self.bucket}", self._list, allow_head=False),
            web.route("*", f"/{self.bucket}/{{key:.+}}", self._object),
        ]

    async def endpoint(self, request: web.Request) -> str:
        """The method: of paths there are as many as objects."""
        return request.method

    def written(self, key: str, content: bytes) -> None:
        """What the reader does with a new object."""

    async def _object(self, request: web.Request) -> web.Response:
        body = await request.read()
        if refusal := self._refusal(request, body):
            return refusal
        key = request.match_info["key"]
        match request.method:
            case "PUT":
                self.objects[key] = body
                self.written(key, body)
                return web.Response(headers={"ETag": f'"{hashlib.md5(body).hexdigest()}"'})
            case "DELETE":
                self.objects.pop(key, None)
                return web.Response(status=204)
        content = self.objects.get(key)
        if content is None:
            return _error(404, "NoSuchKey", "The specified key does not exist.")
        headers = {
            "ETag": f'"{hashlib.md5(content).hexdigest()}"',
            "Last-Modified": format_datetime(self.clock.now(), usegmt=True),
        }
        if request.method == "HEAD":
            return web.Response(headers={**headers, "Content-Length": str(len(content))})
        return web.Response(body=content, headers=headers, content_type="application/octet-stream")

    async def _list(self, request: web.Request) -> web.Response:
        if refusal := self._refusal(request, await request.read()):
            return refusal
        found = [key for key in sorted(self.objects) if key.startswith(request.query.get("prefix", ""))]
        rows = "".join(
            f"<Contents><Key>{key}</Key><Size>{len(self.objects[key])}</Size>"
            f"<LastModified>{self.clock.now():%Y-%m-%dT%H:%M:%SZ}</LastModified></Contents>"
            for key in found
        )
        return _xml(200, f"<ListBucketResult><KeyCount>{len(found)}</KeyCount>{rows}</ListBucketResult>")

    def _refusal(self, request: web.Request, body: bytes) -> web.Response | None:
        if not self._is_signed(request, body):
            request[ENTRY]["outcome"] = "SignatureDoesNotMatch"
            return _error(403, "SignatureDoesNotMatch", "The request signature we calculated does not match.")
        if self.faults.take("throttle", request.method):
            request[ENTRY]["outcome"] = "SlowDown"
            return _error(503, "SlowDown", "Please reduce your request rate.")
        return None

    def _is_signed(self, request: web.Request, body: bytes) -> bool:
        """SigV4 as AWS documents it, over what was received."""
        kind, _, rest = request.headers.get("Authorization", "").partition(" ")
        parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
        scope = parts.get("Credential", "").split("/")
        names = parts.get("SignedHeaders", "").split(";")
        sent_hash = request.headers.get("x-amz-content-sha256", "")
        if kind != "AWS4-HMAC-SHA256" or len(scope) != 5 or scope[0] != ACCESS_KEY:
            return False
        if sent_hash not in {hashlib.sha256(body).hexdigest(), "UNSIGNED-PAYLOAD"}:
            return False
        path, _, query = request.raw_path.partition("?")
        pairs = sorted((quote(k, safe="~"), quote(v, safe="~")) for k, v in parse_qsl(query, keep_blank_values=True))
        canonical = [
            request.method,
            path,
            "&".join(f"{name}={value}" for name, value in pairs),
            *(f"{name}:{' '.join(request.headers.get(name, '').split())}" for name in names),
            "",
            ";".join(names),
            sent_hash,
        ]
        digest = hashlib.sha256("\n".join(canonical).encode()).hexdigest()
        to_sign = "\n".join([kind, request.headers["x-amz-date"], "/".join(scope[1:]), digest])
        key = f"AWS4{self.secret}".encode()
        for part in [*scope[1:], to_sign]:
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return hmac.compare_digest(key.hex(), parts.get("Signature", ""))


def _error(status: int, code: str, message: str) -> web.Response:
    return _xml(status, f"<Error><Code>{code}</Code><Message>{message}</Message></Error>")


def _xml(status: int, body: str) -> web.Response:
    return web.Response(status=status, text=f'<?xml version="1.0"?>{body}', content_type="application/xml")
