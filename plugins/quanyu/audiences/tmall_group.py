"""Groups of a Tmall shop's members (会员分组): what the shop's own marketing at Tmall addresses.

    crm.groups.get -> crm.group.add -> members.group.batchadd.privy, 999 ouids a call
                                    -> members.groups.batchdelete.privy, 20 a call -> members.search.privy: who is in

The answer to adding is true when one of all was added, and nobody is told who was not; a member who is in the group
already is skipped. So the group is read before and after: who is missing afterwards was refused. A group of more than
80,000 is longer than the platform lists and is taken at its word. A shop has at most 100 groups, 15 characters each.

Guesses: the search sees a change at once (if not, a member counts as refused for a night and is found the next); an
ouid that left the shop is skipped in a removal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from quanyu import top
from quanyu.contracts import Audience, Connection, Member, Receipt, Record, RemoteList, Verdict
from quanyu.errors import QuanyuError, Rejected, Retryable

_ADDED_PER_CALL, _REMOVED_PER_CALL = 999, 20
_GROUPS_PER_PAGE, _MEMBERS_PER_PAGE = 100, 80
_MOST_PAGES = 1000


class TmallGroup:
    """The shop as an audience client; addresses are ouids."""

    def __init__(self, shop: top.Top) -> None:
        self._shop = shop

    def open(self, name: str) -> RemoteList:
        """Find the group or create it."""
        if group := self._find(name):
            return RemoteList(name=name, id=group)
        try:
            answer = self._shop.call("taobao.crm.group.add", {"group_name": name})
        except Rejected:
            # The name is taken: the answer to an earlier attempt was lost.
            group = self._find(name)
            if not group:
                raise
            return RemoteList(name=name, id=group)
        if not answer.get("group_id"):
            raise Retryable("taobao.crm.group.add: the answer names no group.")
        return RemoteList(name=name, id=str(answer["group_id"]))

    def add(self, to: RemoteList, members: Sequence[Member]) -> list[Receipt]:
        """Add members; nobody hears who of a call was not, which `members` shows."""
        # False, too, when all were in already: whom it did not take is seen by reading the group.
        return self._change("taobao.crm.members.group.batchadd.privy", to, members, _ADDED_PER_CALL, Verdict.ACCEPTED)

    def remove(self, of: RemoteList, members: Sequence[Member]) -> list[Receipt]:
        """Take members out."""
        return self._change(
            "taobao.crm.members.groups.batchdelete.privy", of, members, _REMOVED_PER_CALL, Verdict.UNKNOWN
        )

    def members(self, of: RemoteList) -> list[str] | None:
        """Read who is in the group; None when they are more than the platform lists."""
        found: list[str] = []
        page, total = 0, 1
        while page * _MEMBERS_PER_PAGE < total:
            page += 1
            asked = {"group_id": of.id, "current_page": str(page), "page_size": str(_MEMBERS_PER_PAGE)}
            answer = self._shop.call("taobao.crm.members.search.privy", asked)
            total = int(answer.get("total_result") or 0)
            if total > _MOST_PAGES * _MEMBERS_PER_PAGE:
                return None
            rows = _listed(answer, "members", "crm_member")
            found += [str(row["ouid"]) for row in rows]
            if not rows and len(found) < total:
                raise Retryable(f"taobao.crm.members.search.privy: an empty page after {len(found)} of {total}.")
        return found

    def _find(self, name: str) -> str:
        page, groups = 0, [Record()] * _GROUPS_PER_PAGE
        while len(groups) == _GROUPS_PER_PAGE:
            page += 1
            asked = {"current_page": str(page), "page_size": str(_GROUPS_PER_PAGE)}
            groups = _listed(self._shop.call("taobao.crm.groups.get", asked), "groups", "group")
            for group in groups:
                if group.get("group_name") == name:
                    return str(group["group_id"])
        return ""

    def _change(
        self, method: str, which: RemoteList, members: Sequence[Member], size: int, not_done: Verdict
    ) -> list[Receipt]:
        """Change in parts; `not_done` is what an answer of false says of a part."""
        receipts: list[Receipt] = []
        for at in range(0, len(members), size):
            part = members[at : at + size]
            ouids = ",".join(member.address for member in part)
            try:
                answer = self._shop.call(method, {"group_ids": which.id, "ouids": ouids})
            except QuanyuError as error:
                error.receipts = receipts
                raise
            verdict = Verdict.ACCEPTED if answer.get("is_success") is True else not_done
            receipts += [Receipt(key=member.key, verdict=verdict) for member in part]
        return receipts


def _listed(answer: Record, outer: str, inner: str) -> list[Record]:
    # An empty list comes as nothing at all or as {}.
    return list((answer.get(outer) or {}).get(inner) or [])


@contextmanager
def connect(where: Connection) -> Iterator[TmallGroup]:
    """Open the shop behind the connection `quanyu_tmall`."""
    with top.connect(where) as shop:
        yield TmallGroup(shop)


AUDIENCE = Audience(
    name="tmall_group",
    about=__doc__,
    connection="tmall",
    address_type="ouid",
    consent="marketing",
    largest_batch=_ADDED_PER_CALL,
    longest_name=15,
    connect=connect,
)
