"""Tags that are made at an official account, and the fans that have them.

POST /cgi-bin/tags/create                    a tag; 45157 name exists, 45158 too long, 45056 more than 100
POST /cgi-bin/tags/members/batchtagging      up to 50 fans; 40003 no fan of ours, 45059 a fan with 20 tags
POST /cgi-bin/tags/members/batchuntagging    up to 50 fans
POST /cgi-bin/tags/getidlist                 the tags of one fan
POST /cgi-bin/user/tag/get                   openids that have a tag, in pages, an empty page at the end

The sandbox's own: a call that is refused tagged nobody; who stops following loses all tags.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.sandbox.weixin import Answer, Refusal, texts
from tests.sandbox.world.systems.official_account import TAGS

_MOST_TAGS, _MOST_OF_A_FAN, _LONGEST_NAME, _FANS_PER_CALL = 100, 20, 30, 50
_FIRST_ID = 1000


@dataclass
class FanTags:
    """The tags that were made by API; `follows` tells whether an openid follows, `others` how many tags it has else."""

    follows: Callable[[str], bool]
    others: Callable[[str], int]
    page_size: Callable[[], int]
    names: dict[int, str] = field(default_factory=dict)
    fans: dict[int, set[str]] = field(default_factory=dict)

    def of(self, openid: str) -> list[int]:
        """The tags made here that a fan has."""
        return [tag for tag in self.names if openid in self._there(tag)]

    def listed(self, name: str) -> set[str]:
        """Who has a tag."""
        return {openid for tag, one in self.names.items() if one == name for openid in self._there(tag)}

    def put(self, name: str, openids: set[str]) -> None:
        """Let somebody change a tag by hand: exactly these fans have it."""
        tag = next(tag for tag, one in self.names.items() if one == name)
        self.fans[tag] = set(openids)

    def rows(self) -> list[Answer]:
        """What `tags/get` shows of them."""
        return [{"id": tag, "name": name, "count": len(self._there(tag))} for tag, name in self.names.items()]

    def create(self, given: Mapping[str, Any]) -> Answer:
        """Make a tag."""
        asked = given.get("tag")
        name = str(asked.get("name") or "") if isinstance(asked, dict) else ""
        if not name or len(name) > _LONGEST_NAME:
            raise Refusal(45158, "tag name too long")
        if name in self.names.values() or name in TAGS.values():
            raise Refusal(45157, "invalid tag name")
        if len(self.names) + len(TAGS) >= _MOST_TAGS:
            raise Refusal(45056, "too many tag")
        tag = _FIRST_ID + len(self.names)
        self.names[tag], self.fans[tag] = name, set()
        return {"tag": {"id": tag, "name": name}}

    def tag(self, given: Mapping[str, Any]) -> Answer:
        """Tag all of a list, or nobody."""
        tag, openids = self._asked(given)
        for openid in openids:
            if openid not in self.fans[tag] and self.others(openid) + len(self.of(openid)) >= _MOST_OF_A_FAN:
                raise Refusal(45059, "can not add tag to this user")
        self.fans[tag] |= set(openids)
        return {"errcode": 0, "errmsg": "ok"}

    def untag(self, given: Mapping[str, Any]) -> Answer:
        """Take the tag from all of a list, or from nobody."""
        tag, openids = self._asked(given)
        self.fans[tag] -= set(openids)
        return {"errcode": 0, "errmsg": "ok"}

    def of_one(self, given: Mapping[str, Any]) -> Answer:
        """The tags of one fan."""
        openid = str(given.get("openid", ""))
        if not self.follows(openid):
            raise Refusal(40003, "invalid openid")
        return {"tagid_list": self.of(openid)}

    def page(self, given: Mapping[str, Any]) -> Answer:
        """Who has a tag; the page after the last is empty."""
        tag, after = self._known(given), str(given.get("next_openid") or "")
        rest = sorted(openid for openid in self._there(tag) if openid > after)[: self.page_size()]
        data = {"data": {"openid": rest}} if rest else {}
        return {"count": len(rest), **data, "next_openid": rest[-1] if rest else ""}

    def _asked(self, given: Mapping[str, Any]) -> tuple[int, list[str]]:
        openids = texts(given.get("openid_list"))
        if not 1 <= len(openids) <= _FANS_PER_CALL:
            raise Refusal(40032, "invalid openid list size")
        tag = self._known(given)
        if not all(map(self.follows, openids)):
            raise Refusal(40003, "invalid openid")
        return tag, openids

    def _known(self, given: Mapping[str, Any]) -> int:
        tag = given.get("tagid")
        if not isinstance(tag, int) or tag not in self.names:
            raise Refusal(45159, "invalid tagid")
        return tag

    def _there(self, tag: int) -> set[str]:
        return {openid for openid in self.fans[tag] if self.follows(openid)}
