"""Tags of a Youzan shop's customers: made by their first customer, one customer a call, up to 20 tags of 32 characters.

POST /api/youzan.scrm.tag.relation.add/4.0.0       142400105 for somebody who is no customer
POST /api/youzan.scrm.tag.relation.delete/4.0.0    the same (the sandbox's own)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_MOST, _LONGEST_NAME = 20, 32


class NoCustomer(Exception):
    """The account is no customer of the shop."""


class BadTags(Exception):
    """What was sent is no list of tags."""


@dataclass
class CustomerTags:
    """Who has which tag; `is_customer` tells whether the shop has a `yz_open_id`."""

    is_customer: Callable[[str], bool]
    tags: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @property
    def names(self) -> dict[str, str]:
        """The tags; their name is all they have."""
        return {name: name for name in self.tags}

    def listed(self, name: str) -> set[str]:
        """Who has a tag."""
        return set(self.tags.get(name, ()))

    def add(self, asked: Mapping[str, Any]) -> bool:
        """Tag one customer."""
        account, names = self._asked(asked)
        for name in names:
            self.tags[name].add(account)
        return True

    def delete(self, asked: Mapping[str, Any]) -> bool:
        """Take tags from one customer."""
        account, names = self._asked(asked)
        for name in names:
            self.tags[name].discard(account)
        return True

    def _asked(self, asked: Mapping[str, Any]) -> tuple[str, list[str]]:
        names = [str(tag.get("tag_name") or "") for tag in asked.get("tags") or () if isinstance(tag, dict)]
        if asked.get("account_type") != "YzOpenId" or not isinstance(asked.get("account_id"), str):
            raise BadTags("account_type and account_id are strings")
        if not 1 <= len(names) <= _MOST or not all(1 <= len(name) <= _LONGEST_NAME for name in names):
            raise BadTags("1 to 20 tags of at most 32 characters")
        if not self.is_customer(asked["account_id"]):
            raise NoCustomer
        return asked["account_id"], names
