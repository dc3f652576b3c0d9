"""Groups of a Tmall shop's members.

taobao.crm.groups.get                          the groups, in pages
taobao.crm.group.add                           a group; 15 characters, 100 a shop
taobao.crm.members.group.batchadd.privy        up to 999 ouids; true when one was added, who is no member is skipped
taobao.crm.members.groups.batchdelete.privy    up to 20 ouids
taobao.crm.members.search.privy                the members of a group, 80 a page

The sandbox's own: the sub-codes of a name that exists and of too many groups; a removal is always true.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.sandbox.top import TopError, asked_number, bad_parameter

Params = Mapping[str, str]
Row = dict[str, Any]

_MOST_GROUPS, _LONGEST_NAME = 100, 15
_FIRST_ID = 70_100_000


@dataclass
class MemberGroups:
    """The groups by id and who is in them; `is_member` tells whether an ouid is a member of the shop."""

    is_member: Callable[[str], bool]
    names: dict[int, str] = field(default_factory=dict)
    ouids: dict[int, set[str]] = field(default_factory=dict)

    def methods(self) -> dict[str, Callable[[Params], Row]]:
        """What the gateway serves of them."""
        return {
            "taobao.crm.groups.get": self._groups,
            "taobao.crm.group.add": self._add,
            "taobao.crm.members.group.batchadd.privy": self._join,
            "taobao.crm.members.groups.batchdelete.privy": self._leave,
            "taobao.crm.members.search.privy": self._search,
        }

    def listed(self, name: str) -> set[str]:
        """Who is in a group."""
        return {ouid for group, one in self.names.items() if one == name for ouid in self.ouids[group]}

    def put(self, name: str, ouids: set[str]) -> None:
        """Let somebody change a group by hand: exactly these are in it."""
        group = next(group for group, one in self.names.items() if one == name)
        self.ouids[group] = set(ouids)

    def _groups(self, params: Params) -> Row:
        number = asked_number(params, "current_page", 1, 1, 10**6)
        size = asked_number(params, "page_size", 20, 1, 100)
        rows = [
            {"group_id": group, "group_name": name, "status": "1", "member_count": len(self.ouids[group])}
            for group, name in self.names.items()
        ]
        page = rows[(number - 1) * size : number * size]
        return {**({"groups": {"group": page}} if page else {}), "total_result": len(rows)}

    def _add(self, params: Params) -> Row:
        name = params.get("group_name", "")
        if not 1 <= len(name) <= _LONGEST_NAME:
            raise bad_parameter("group_name must have 1 to 15 characters")
        if name in self.names.values():
            raise TopError(15, "Remote service error", "isv.group-name-exists", "分组名称已存在")
        if len(self.names) >= _MOST_GROUPS:
            raise TopError(15, "Remote service error", "isv.too-many-groups", "分组数量超过限制")
        group = _FIRST_ID + len(self.names)
        self.names[group], self.ouids[group] = name, set()
        return {"group_id": group, "is_success": True}

    def _join(self, params: Params) -> Row:
        ouids = _list(params, "ouids", 999)
        new = 0
        for group in self._known(params, 999):
            joining = {ouid for ouid in ouids if self.is_member(ouid)} - self.ouids[group]
            self.ouids[group] |= joining
            new += len(joining)
        return {"is_success": new > 0}

    def _leave(self, params: Params) -> Row:
        ouids = _list(params, "ouids", 20)
        for group in self._known(params, 10):
            self.ouids[group] -= set(ouids)
        return {"is_success": True}

    def _search(self, params: Params) -> Row:
        number = asked_number(params, "current_page", 1, 1, 1000)
        size = asked_number(params, "page_size", 40, 1, 80)
        found = sorted(self.ouids[self._known({"group_ids": params.get("group_id", "")}, 1)[0]])
        page = [{"ouid": ouid, "status": "normal"} for ouid in found[(number - 1) * size : number * size]]
        return {"members": {"crm_member": page} if page else {}, "total_result": len(found)}

    def _known(self, params: Params, most: int) -> list[int]:
        groups = [int(group) for group in _list(params, "group_ids", most) if group.isdigit()]
        if not groups or not set(groups) <= self.names.keys():
            raise bad_parameter("group_ids must be groups of this shop")
        return groups


def _list(params: Params, name: str, most: int) -> list[str]:
    found = [part for part in params.get(name, "").split(",") if part]
    if not 1 <= len(found) <= most:
        raise bad_parameter(f"{name} must have 1 to {most} values")
    return found
