"""How well One-IDs match the truth, in pairs of accounts.

Of two accounts the records prove that they are one person's (same provable group), or that they are two people's
(their groups show different values of what a person has one of), or neither. A wife's card with her husband's number
and the receipts of the husband, who shows nothing but that number, are of the third kind: no rule can be right
about both him and a wife who left her card at home.

precision          of the pairs that One-ID joins, the share that are one person's.
proved precision   the same over the pairs of which the records prove something.
proved recall      of the pairs that are provably one person's, the share that One-ID joins.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from tests.sandbox.world.model import Account

Mark = tuple[str, str]
"""(what a person has one of, the value)"""


@dataclass(frozen=True, slots=True)
class Score:
    """Shares, and the pairs that are provably two people's and joined all the same."""

    precision: float
    proved_precision: float
    proved_recall: float
    wrong: Sequence[tuple[Account, Account]]


def score(
    one_ids: Mapping[Account, str],
    people: Mapping[Account, str],
    groups: Sequence[Iterable[Account]],
    marks: Sequence[Iterable[Mark]],
) -> Score:
    """Compare the One-IDs of a night with the world's truth, its provable groups and what each group shows."""
    group_of = {account: number for number, group in enumerate(groups) for account in group}
    shown = [_by_type(of_group) for of_group in marks]
    joined = _pairs(one_ids.values())
    right = _pairs((one_id, people.get(account, account)) for account, one_id in one_ids.items())
    proved = _pairs((one_id, group_of.get(account, account)) for account, one_id in one_ids.items())
    wrong = [
        (one, other)
        for one, other in _across(one_ids, people)
        if one in group_of and other in group_of and _differ(shown[group_of[one]], shown[group_of[other]])
    ]
    return Score(
        precision=right / joined if joined else 1.0,
        proved_precision=proved / (proved + len(wrong)) if proved else 1.0,
        proved_recall=proved / (_pairs(group_of.values()) or 1),
        wrong=wrong,
    )


def _pairs(groups: Iterable[Hashable]) -> int:
    return sum(size * (size - 1) // 2 for size in Counter(groups).values())


def _across(one_ids: Mapping[Account, str], people: Mapping[Account, str]) -> Iterable[tuple[Account, Account]]:
    """The pairs of one One-ID and two people."""
    members = defaultdict(list)
    for account, one_id in one_ids.items():
        members[one_id].append(account)
    for accounts in members.values():
        for one, other in combinations(sorted(accounts), 2):
            if people.get(one, one) != people.get(other, other):
                yield one, other


def _by_type(marks: Iterable[Mark]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for kind, value in marks:
        found[kind].add(value)
    return found


def _differ(one: Mapping[str, set[str]], other: Mapping[str, set[str]]) -> bool:
    """Whether both show a kind of mark and no value of it is the same."""
    return any(one[kind].isdisjoint(other[kind]) for kind in one.keys() & other.keys())
