"""Customer groups of WeCom, as they stood at the midnight that ended the world's `today`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.sandbox.platform import Clock
from tests.sandbox.weixin import Answer, Refusal, page, texts
from tests.sandbox.world import World
from tests.sandbox.world.systems.wecom import Group, Member, groups


@dataclass
class CustomerGroups:
    """The corp's groups. Of more than `most_owners` visible members of staff, the list wants an `owner_filter`."""

    world: World
    clock: Clock
    most_owners: int = 1000

    def listed(self, given: Mapping[str, Any]) -> Answer:
        """List the groups, those of some owners only when these are named; all of them are healthy: status 0."""
        limit = given.get("limit")
        if not isinstance(limit, int) or not 1 <= limit <= 1000:
            raise Refusal(40058, "invalid Request Parameter, limit")
        owners = self._owners(given)
        found = [group for group in self._there() if group.owner in owners]
        shown = found if given.get("status_filter", 0) == 0 else []
        rows, cursor = page(shown, given, default=limit, largest=1000, of="|".join(sorted(owners)))
        listed = [{"chat_id": group.chat_id, "status": 0} for group in rows]
        return {"errcode": 0, "errmsg": "ok", "group_chat_list": listed, "next_cursor": cursor}

    def one(self, given: Mapping[str, Any]) -> Answer:
        """Tell one group with its members; their names when `need_name` asks for them."""
        group = next((group for group in self._there() if group.chat_id == given.get("chat_id")), None)
        if group is None:
            raise Refusal(49008, "group is dismissed")
        members = group.seen(self.clock.end)
        return {
            "errcode": 0,
            "errmsg": "ok",
            "group_chat": {
                "chat_id": group.chat_id,
                "name": group.name,
                "owner": group.owner,
                "create_time": int(group.created_at.timestamp()),
                "notice": group.notice,
                "member_list": [_member(member, named=given.get("need_name") == 1) for member in members],
                "admin_list": [{"userid": userid} for userid in group.admins],
                "member_version": f"{len(members):032d}",
            },
        }

    def owners(self) -> dict[str, str]:
        """The owner of each group, by chat_id."""
        return {group.chat_id: group.owner for group in self._there()}

    def _there(self) -> list[Group]:
        return [group for group in groups(self.world) if group.created_at < self.clock.end]

    def _owners(self, given: Mapping[str, Any]) -> set[str]:
        asked = texts((given.get("owner_filter") or {}).get("userid_list"))
        if len(asked) > 100:
            raise Refusal(40058, "invalid Request Parameter, owner_filter.userid_list size should be 1 to 100")
        if not set(asked) <= set(self.world.staff):
            raise Refusal(60111, "userid not found")
        if not asked and len(self.world.staff) > self.most_owners:
            raise Refusal(81017, "too many owners in the visible range, use owner_filter")
        return set(asked or self.world.staff)


def _member(member: Member, *, named: bool) -> Answer:
    return {
        "userid": member.userid,
        "type": 2 if member.person else 1,
        **({"unionid": member.unionid} if member.unionid else {}),
        "join_time": int(member.joined_at.timestamp()),
        "join_scene": member.join_scene,
        **({"state": member.state} if member.state else {}),
        **({"invitor": {"userid": member.invited_by}} if member.invited_by else {}),
        **({"name": member.name, "group_nickname": ""} if named else {}),
    }
