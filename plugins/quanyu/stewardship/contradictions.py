"""Which decisions cannot all be true: `same` joins, `never_same` parts, `split` joins each side and parts the two."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from itertools import pairwise

from quanyu.stewardship.nouns import Account, Decision

_OPPOSITE = {"quarantine": "trust", "trust": "quarantine"}

_Joins = dict[Account, list[tuple[Account, Decision]]]


def contradiction(new: Decision, standing: Sequence[Decision]) -> list[Decision]:
    """The decisions of `standing` beside which `new` cannot be true; empty when it can.

    Without any one of them the others would not contradict it; there may be more that do so on their own.
    """
    if new.identifier:
        return [
            other
            for other in standing
            if other.identifier == new.identifier and other.decision == _OPPOSITE[new.decision]
        ]
    against = _clash(new, standing)
    for other in tuple(against):
        rest = [kept for kept in against if kept != other]
        against = rest if _clash(new, rest) else against
    return against


def _clash(new: Decision, standing: Sequence[Decision]) -> list[Decision]:
    together = [*standing, new]
    joins = _joins(together)
    for parting in together:
        if parting.decision in {"never_same", "split"}:
            # The rest of a side is joined to its first account, so one account of each side stands for all.
            path = _path(joins, parting.left[0], parting.right[0])
            # What contradicted each other before is not this decision's fault.
            if path is not None and new in (parting, *path):
                return list(dict.fromkeys(decision for decision in (parting, *path) if decision != new))
    return []


def _joins(decisions: Sequence[Decision]) -> _Joins:
    joins: _Joins = defaultdict(list)
    for decision in decisions:
        pairs = [(decision.left[0], decision.right[0])] if decision.decision == "same" else []
        if decision.decision == "split":
            pairs = [*pairwise(decision.left), *pairwise(decision.right)]
        for one, other in pairs:
            joins[one].append((other, decision))
            joins[other].append((one, decision))
    return joins


def _path(joins: _Joins, start: Account, end: Account) -> list[Decision] | None:
    """The decisions on a shortest way from one account to the other; None when nothing joins them."""
    came: dict[Account, tuple[Account, Decision] | None] = {start: None}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        if here == end:
            break
        for there, decision in joins.get(here, ()):
            if there not in came:
                came[there] = (here, decision)
                waiting.append(there)
    if end not in came:
        return None
    path, step = [], came[end]
    while step:
        path.append(step[1])
        step = came[step[0]]
    return path[::-1]
