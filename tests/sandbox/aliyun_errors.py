"""What Dysmsapi refuses with HTTP 200, and the arguments it refuses for."""

from __future__ import annotations

import json
import re
from datetime import date, datetime
from typing import Any

PER_DAY = 50
"""Notices and promotions a number may get of one signature and template."""

BUSINESS = {
    "isv.AMOUNT_NOT_ENOUGH": "账户余额不足",
    "isv.BUSINESS_LIMIT_CONTROL": f"触发天级流控Permits:{PER_DAY}",
    "isv.DAY_LIMIT_CONTROL": "触发日发送限额",
    "isv.INVALID_JSON_PARAM": "JSON参数不合法，只接受字符串值",
    "isv.INVALID_PARAMETERS": "参数异常",
    "isv.MOBILE_COUNT_OVER_LIMIT": "手机号码数量超过限制",
    "isv.MOBILE_NUMBER_ILLEGAL": "invalid mobile number",
    "isv.OUT_OF_SERVICE": "业务停机",
    "isv.SMS_SIGNATURE_ILLEGAL": "该账号下找不到对应签名",
    "isv.SMS_TEMPLATE_ILLEGAL": "该账号下找不到对应模板",
    "isv.TEMPLATE_MISSING_PARAMETERS": "模板变量缺少参数",
}

_MOBILE = re.compile(r"(?:\+|\+86|0086|86)?(1[3-9]\d{9})")


class BusinessError(Exception):
    """A refusal that arrives with HTTP 200."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.message = detail + BUSINESS[code]


def mobile(text: str) -> str:
    """Read a mainland mobile number as its 11 digits."""
    found = _MOBILE.fullmatch(text.strip())
    if found is None:
        # The real message begins with the number: a client that logs it leaks it.
        raise BusinessError("isv.MOBILE_NUMBER_ILLEGAL", text)
    return found[1]


def array(text: str) -> list[Any]:
    """Read a JSON array."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, list):
        raise BusinessError("isv.INVALID_JSON_PARAM")
    return value


def params_of(given: object) -> dict[str, str]:
    """Read template variables, as a JSON object or its text; all values are strings."""
    try:
        value = json.loads(given) if isinstance(given, str) else given
    except ValueError:
        value = None
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise BusinessError("isv.INVALID_JSON_PARAM")
    return value


def day_of(text: str) -> date:
    """Read a day written yyyyMMdd."""
    try:
        return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007  # a day, not a moment
    except ValueError:
        raise BusinessError("isv.INVALID_PARAMETERS") from None
