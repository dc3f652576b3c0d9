"""What looks like personal data, and how a value is shown to somebody who only has to recognise it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

_WIDTH = 28

_BY_VALUE = {
    "phone numbers": re.compile(r"(?<![0-9A-Za-z])(?:\+?86|0086)?[ -]?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?![0-9A-Za-z])"),
    "e-mail addresses": re.compile(r"[^\s@<>,;:]+@[^\s@<>,;:]+\.[A-Za-z]{2,}"),
}
_ID_CARD = re.compile(r"(?<![0-9A-Za-z])\d{17}[\dXx](?![0-9A-Za-z])")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_BY_TITLE = re.compile(
    r"手机|电话|姓名|收货人|收件人|联系人|地址|邮箱|身份证|证件号|生日|出生"
    r"|(^|[._])(phone|mobile|tel|telephone|email|e_mail|id_card|idcard|id_no|birthday|birth_date|address|real_name"
    r"|full_name|receiver|consignee)(_?(no|number|name))?$",
    re.IGNORECASE,
)


_REFUSED = re.compile(r"(\+?86|0086)?1[3-9][0-9]{9}|[^\"@\s]+@[^\"@\s]+\.[A-Za-z]{2,}")
"""What the raw gate refuses as a whole value (expectations/raw.yml); inside a longer text it only warns."""

_PHONE_TITLE = re.compile(r"phone|mobile|手机|电话|(^|_)tel$", re.IGNORECASE)
"""Names under which it refuses a number as well."""

HIDDEN = "***"
"""Stands where somebody's data would."""


def looks_of(title: str, values: Iterable[Any]) -> list[str]:
    """What a column that is not declared as personal looks like it holds: counts by kind, never a value."""
    texts = [str(value) for value in values if value is not None]
    found = {kind: sum(1 for text in texts if pattern.search(text)) for kind, pattern in _BY_VALUE.items()}
    found["ID-card numbers"] = sum(1 for text in texts if any(map(_is_id_card, _ID_CARD.findall(text))))
    said = [f"{count} of {len(texts)} values look like {kind}" for kind, count in found.items() if count]
    is_named = HIDDEN in title or _BY_TITLE.search(title)
    return said or (["its name suggests personal data"] if is_named else [])


def is_refused(path: str, values: Iterable[Any]) -> bool:
    """Whether the raw gate would refuse what stands at a masked path: texts, names in objects, numbers named phone."""
    *_, name = path.split(".")
    kinds = (str, int) if _PHONE_TITLE.search(name) else (str,)
    return HIDDEN in path.split(".") or any(isinstance(v, kinds) and _REFUSED.fullmatch(str(v)) for v in values)


def masked(path: str) -> str:
    """A path without the personal data in it: an object may be keyed by phones."""
    for pattern in _BY_VALUE.values():
        path = pattern.sub(HIDDEN, path)
    return path


def shape(value: Any) -> str:
    """A value with its letters and digits blanked, so that its form can be seen: 9 a digit, a/A a letter, 字 a sign."""
    text = "".join(map(_blank, str(value)[: _WIDTH + 1]))
    return f"{text[:_WIDTH]}…" if len(text) > _WIDTH else text


def _blank(sign: str) -> str:
    if sign.isdigit():
        return "9"
    if sign.isascii():
        return ("A" if sign.isupper() else "a") if sign.isalpha() else (sign if sign.isprintable() else " ")
    return "字" if sign.isalpha() else sign


def _is_id_card(number: str) -> bool:
    """Whether the last character is the check digit of the others (GB 11643)."""
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == number[17].upper()
