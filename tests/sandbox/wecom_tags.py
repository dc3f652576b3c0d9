"""Tags that an app makes at WeCom and puts on relations: one of staff, one customer, five calls at a time.

POST /cgi-bin/externalcontact/add_corp_tag   a tag in a group, by the group's id or name
POST /cgi-bin/externalcontact/mark_tag       tags on or off one relation; repeating changes nothing

From the contract: 40068 unknown tag, 40096 no external_userid, 84061 not this member's customer, 45033 beyond five
calls at once. The code of a name that exists (40071) is the documents' own.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.sandbox.platform import ENTRY, Handler
from tests.sandbox.weixin import Answer, Refusal, texts
from tests.sandbox.world.model import Contact
from tests.sandbox.world.systems.wecom import TAGS, Tag

_AT_ONCE = 5
_LONGEST_NAME = 30


@dataclass
class CorpTags:
    """The tags that were made by API and the relations that carry them."""

    contacts: Callable[[], list[Contact]]
    known_staff: Callable[[str], str]
    made: list[Tag] = field(default_factory=list)
    marks: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    most_at_once: int = 0
    _at_once: int = 0
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def names(self) -> dict[str, str]:
        """The tags made here, by id."""
        return {tag.id: tag.name for tag in self.made}

    def all(self) -> list[Tag]:
        """Every tag of the corp."""
        return [*TAGS, *self.made]

    def of(self, contact: Contact) -> list[str]:
        """The tags made here that a relation carries."""
        relation = (contact.staff_userid, contact.external_userid)
        return [tag.id for tag in self.made if relation in self.marks[tag.id]]

    def listed(self, name: str) -> set[str]:
        """Who carries a tag: member of staff and customer."""
        there = {(contact.staff_userid, contact.external_userid) for contact in self.contacts()}
        return {
            f"{external}|{staff}"
            for tag in self.made
            if tag.name == name
            for staff, external in self.marks[tag.id] & there
        }

    def put(self, name: str, marks: Sequence[tuple[str, str]]) -> None:
        """Let somebody change a tag by hand: exactly these relations carry it."""
        tag = next(tag for tag in self.made if tag.name == name)
        self.marks[tag.id] = set(marks)

    def add(self, given: Mapping[str, Any]) -> Answer:
        """Make tags in a group, which is made too when its name is new."""
        names = [str(tag.get("name") or "") for tag in given.get("tag") or () if isinstance(tag, dict)]
        if not names or not all(1 <= len(name) <= _LONGEST_NAME for name in names):
            raise Refusal(40058, "invalid Request Parameter, tag name")
        group, group_id = str(given.get("group_name") or ""), str(given.get("group_id") or "")
        known = {tag.group_id: tag.group for tag in self.all()}
        if group_id and group_id not in known:
            raise Refusal(40068, "invalid tagid")
        group = known.get(group_id, group)
        group_id = next((one for one, name in known.items() if name == group), f"etQYGroup{len(known) + 1:010d}")
        if not group:
            raise Refusal(40058, "invalid Request Parameter, group_name")
        if any(tag.group_id == group_id and tag.name in names for tag in self.all()):
            raise Refusal(40071, "tag name already exists")
        new = [Tag(f"etQYMade{next(self._numbers):012d}", name, group_id, group, 0.0) for name in names]
        self.made += new
        self.marks |= {tag.id: set() for tag in new}
        shown = [{"id": tag.id, "name": tag.name, "create_time": 1763600000, "order": 0} for tag in new]
        return {
            "errcode": 0,
            "errmsg": "ok",
            "tag_group": {
                "group_id": group_id,
                "group_name": group,
                "create_time": 1763600000,
                "order": 0,
                "tag": shown,
            },
        }

    def mark(self, given: Mapping[str, Any]) -> Answer:
        """Change the tags of one relation."""
        on, off = texts(given.get("add_tag")), texts(given.get("remove_tag"))
        if not on and not off:
            raise Refusal(40058, "invalid Request Parameter, add_tag and remove_tag are empty")
        staff, external = self.known_staff(str(given.get("userid", ""))), str(given.get("external_userid", ""))
        if not external.startswith(("wm", "wo")):
            raise Refusal(40096, "invalid external userid")
        if (staff, external) not in {(contact.staff_userid, contact.external_userid) for contact in self.contacts()}:
            raise Refusal(84061, "not external contact")
        if unknown := {*on, *off} - self.marks.keys():
            raise Refusal(40068, f"invalid tagid {min(unknown)}")
        for tag in on:
            self.marks[tag].add((staff, external))
        for tag in off:
            self.marks[tag].discard((staff, external))
        return {"errcode": 0, "errmsg": "ok"}

    def five_at_once(self, handle: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Refuse the sixth call that comes while five are being worked on."""

        async def answer(request: web.Request) -> web.StreamResponse:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            try:
                if self._at_once > _AT_ONCE:
                    request[ENTRY]["outcome"] = "45033"
                    return web.json_response({"errcode": 45033, "errmsg": "api concurrent out of limit"})
                await asyncio.sleep(0.002)
                return await handle(request)
            finally:
                self._at_once -= 1

        return answer
