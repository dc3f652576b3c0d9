"""The gateway of Taobao's open platform (TOP): parameters, signature, session, envelope, errors."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from quanyu.contracts import SHANGHAI

RAW_CONTROL = "\ue000"
"""Stands in our strings for a control character that the platform writes unescaped."""

_SKEW = timedelta(minutes=10)
_TIME = "%Y-%m-%d %H:%M:%S"


class TopError(Exception):
    """An `error_response`."""

    def __init__(self, code: int, message: str, sub_code: str = "", sub_message: str = "") -> None:
        super().__init__(message)
        self.answer = {"code": code, "msg": message}
        if sub_code:
            self.answer |= {"sub_code": sub_code, "sub_msg": sub_message or message}


def bad_parameter(message: str) -> TopError:
    """The caller's fault: repeating does not help."""
    return TopError(15, "Remote service error", "isv.invalid-parameter", message)


def parameters(query: str, body: bytes) -> dict[str, str]:
    """Decode the received bytes; system parameters may be in the query string. Raises TopError for bad UTF-8."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict")
        pairs += parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise TopError(3, "Upload Fail") from None
    return dict(pairs)


def signature(params: Mapping[str, str], secret: str) -> str:
    """Sign as `sign_method` asks (md5, hmac, hmac-sha256): sorted keys, raw values, empty ones left out."""
    text = "".join(key + params[key] for key in sorted(params) if key != "sign" and params[key] != "")
    method = params.get("sign_method", "md5")
    if method == "md5":
        digest = hashlib.md5(f"{secret}{text}{secret}".encode()).hexdigest()
    elif method in {"hmac", "hmac-sha256"}:
        algorithm = "md5" if method == "hmac" else "sha256"
        digest = hmac.new(secret.encode(), text.encode(), algorithm).hexdigest()
    else:
        raise TopError(25, "Invalid Signature", "isv.invalid-sign-method")
    return digest.upper()


def authenticate(params: Mapping[str, str], *, key: str, secret: str, session: str, now: datetime) -> None:
    """Check app key, version, timestamp, signature and session, in the gateway's order. Raises TopError."""
    for name, code, words in (("method", 21, "Method"), ("app_key", 28, "App Key"), ("timestamp", 30, "Timestamp")):
        if not params.get(name):
            raise TopError(code, f"Missing {words}")
    if not params.get("v"):
        raise TopError(32, "Missing Version")
    if params["v"] != "2.0":
        raise TopError(34, "Unsupported Version")
    if params["app_key"] != key:
        raise TopError(29, "Invalid App Key")
    if abs(_timestamp(params["timestamp"]) - now) > _SKEW:
        raise TopError(31, "Invalid Timestamp")
    if not params.get("sign"):
        raise TopError(24, "Missing Signature")
    if not hmac.compare_digest(params["sign"], signature(params, secret)):
        raise TopError(25, "Invalid Signature")
    if not params.get("session"):
        raise TopError(26, "Missing Session")
    if params["session"] != session:
        raise TopError(27, "Invalid Session", "invalid-sessionkey", "非法或过期的SessionKey参数")


def asked_time(params: Mapping[str, str], name: str) -> datetime:
    """A required time parameter, aware. Raises TopError."""
    if not params.get(name):
        raise TopError(40, "Missing Required Arguments", "isv.missing-parameter", name)
    try:
        return datetime.strptime(params[name], _TIME).replace(tzinfo=SHANGHAI)
    except ValueError:
        raise TopError(41, "Invalid Arguments", "isv.invalid-parameter", name) from None


def asked_number(params: Mapping[str, str], name: str, default: int, lowest: int, highest: int) -> int:
    """A whole number between two bounds. Raises TopError."""
    text = params.get(name, "") or str(default)
    if not text.isascii() or not text.isdigit() or not lowest <= int(text) <= highest:
        raise bad_parameter(f"{name} must be in {lowest}..{highest}")
    return int(text)


def text_time(at: datetime | None) -> str | None:
    """A time as TOP writes it."""
    return at.astimezone(SHANGHAI).strftime(_TIME) if at else None


def envelope(method: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Wrap a success: the method without `taobao.`, dots as underscores, `_response`."""
    name = method.removeprefix("taobao.").replace(".", "_") + "_response"
    return {name: dict(answer)}


def body_of(document: Mapping[str, Any], wanted: str) -> tuple[str, str]:
    """The body and its content type: XML unless the caller asked for JSON, control characters raw in both."""
    if wanted == "json":
        text, kind = json.dumps(document, ensure_ascii=False, separators=(",", ":")), "application/json"
    else:
        text, kind = '<?xml version="1.0" encoding="utf-8" ?>' + _xml(document), "text/xml"
    return text.replace(RAW_CONTROL, "\x0b"), kind


def _xml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "".join(
            "".join(f"<{key}>{_xml(each)}</{key}>" for each in (inner if isinstance(inner, list) else [inner]))
            for key, inner in value.items()
            if inner is not None
        )
    return escape(str(value).lower() if isinstance(value, bool) else str(value))


def _timestamp(text: str) -> datetime:
    """A time in GMT+8, or epoch milliseconds as the Python SDK sends. Raises TopError."""
    if text.isdigit():
        return datetime.fromtimestamp(int(text) / 1000, SHANGHAI)
    try:
        return datetime.strptime(text, _TIME).replace(tzinfo=SHANGHAI)
    except ValueError:
        raise TopError(31, "Invalid Timestamp") from None
