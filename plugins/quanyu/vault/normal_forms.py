"""Normal forms: what all spellings of one personal value share."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from typing import Any

import phonenumbers

from quanyu.contracts import Personal

_DIGESTS = {
    Personal.PHONE_MD5: re.compile(r"[0-9a-f]{32}"),
    Personal.PHONE_SHA256: re.compile(r"[0-9a-f]{64}"),
    Personal.PHONE_SM3: re.compile(r"[0-9a-f]{64}"),
    Personal.PHONE_DIGEST: re.compile(r"[0-9a-f]{32}|[0-9a-f]{64}"),
}
# What the library itself compares a national number with, at a thirtieth of the cost of asking it.
_CHINA: Any = phonenumbers.PhoneMetadata.metadata_for_region("CN")
_MAINLAND_MOBILE = re.compile(_CHINA.mobile.national_number_pattern)
_MOBILE = {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}
# 王女士, 王**, 会员: how somebody is addressed, not what somebody is called.
_NO_NAME = re.compile(
    r".*\*.*|.{0,3}(女士|先生|小姐|太太|老师|阿姨|叔叔|宝妈|宝爸|妈妈|爸爸|姐|哥)|(会员|顾客|客户|客人|匿名|微信用户|测试|无名).*"
)
_PHONE_CHARACTERS = re.compile(r"[\d\s+().-]+")
_DAYS = (
    re.compile(r"\d{4}[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ].*)?"),
    re.compile(r"(?:\d{4}|--)(\d{2})(\d{2})"),
)


def tidy(value: str) -> str:
    """Full-width forms to ASCII, runs of white space to one space."""
    return " ".join(unicodedata.normalize("NFKC", value).split())


def normal_form(kind: Personal, value: str) -> str | None:
    """What all spellings of a value share; None when it is not what its kind says."""
    match kind:
        case Personal.PHONE:
            return _e164(tidy(value))
        case Personal.PHONE_MD5 | Personal.PHONE_SHA256 | Personal.PHONE_SM3 | Personal.PHONE_DIGEST:
            digest = tidy(value).lower()
            return digest if _DIGESTS[kind].fullmatch(digest) else None
        case Personal.EMAIL:
            return _settled(value, lambda text: tidy(text).lower())
        case Personal.ID_NUMBER:
            return _settled(value, lambda text: tidy(text).replace(" ", "").upper())
        case Personal.NAME:
            name = _settled(value, tidy)
            return None if _NO_NAME.fullmatch(name) else name
        case _:
            return _settled(value, tidy)


def month_and_day(value: str) -> str | None:
    """`--MMDD` (RFC 6350) of a date in any of the usual spellings; None when there is no such day."""
    found = next(filter(None, (pattern.fullmatch(tidy(value)) for pattern in _DAYS)), None)
    if found is None:
        return None
    month, day = map(int, found.groups())
    try:
        return date(2000, month, day).strftime("--%m%d")  # a leap year: 29 February is a birthday
    except ValueError:
        return None


def _settled(value: str, step: Callable[[str], str]) -> str:
    """Repeat until nothing changes: a removed space lets marks combine anew, a change of case can undo NFKC."""
    while (after := step(value)) != value:
        value = after
    return value


def _e164(text: str) -> str | None:
    """Mobile numbers in E.164; None for what no person answers: masked, virtual, landline, hotline, typo."""
    if _MAINLAND_MOBILE.fullmatch(text):
        return f"+86{text}"
    # The library would read letters as keypad digits and skip what it cannot read.
    if not _PHONE_CHARACTERS.fullmatch(text):
        return None
    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.number_type(number) not in _MOBILE:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
