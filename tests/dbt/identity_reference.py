"""What identity must find, said a second time in plain Python: one identifier at a time, strongest and oldest first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import networkx as nx

Dimension = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One row of int_identity__screened that passed the screen."""

    account: str
    node: str
    dimension: Dimension
    priority: int
    max_per_person: int | None
    first_seen_at: datetime
    is_own: bool
    is_attribute: bool


@dataclass(frozen=True, slots=True)
class Sighting:
    """One believed edge: the account, its age (landed, seen, key), the identifier, its owner's number, the day."""

    account: str
    age: tuple[date, datetime, str]
    identifier: tuple[str, str]
    generation: int
    seen_on: date


def owners_on(day: date, sightings: Iterable[Sighting]) -> dict[tuple[str, str], str]:
    """Give, for each identifier seen by the end of a day, the account that named its person then."""
    known = [sighting for sighting in sightings if sighting.seen_on <= day]
    graph = nx.Graph([(sighting.account, (sighting.identifier, sighting.generation)) for sighting in known])
    age = {sighting.account: sighting.age for sighting in known}
    owners: dict[tuple[str, str], tuple[int, str]] = {}
    for component in nx.connected_components(graph):
        oldest = min((node for node in component if node in age), key=age.__getitem__)
        for identifier, generation in (node for node in component if node not in age):
            owners[identifier] = max(owners.get(identifier, (0, "")), (generation, oldest))
    return {identifier: account for identifier, (_, account) in owners.items()}


def resolve(candidates: Iterable[Candidate]) -> tuple[set[frozenset[str]], set[tuple[str, str]]]:
    """Give the groups of accounts, and the refused (account, node) pairs."""
    candidates = list(candidates)
    shown_by: dict[str, list[Candidate]] = defaultdict(list)
    holds: dict[str, dict[Dimension, set[str]]] = defaultdict(lambda: defaultdict(set))
    limits: dict[Dimension, tuple[int, int]] = {}
    group = {candidate.account: frozenset([candidate.account]) for candidate in candidates}
    for candidate in candidates:
        shown_by[candidate.node].append(candidate)
        if candidate.max_per_person is not None:
            holds[candidate.account][candidate.dimension].add(candidate.node)
            limits[candidate.dimension] = (candidate.priority, candidate.max_per_person)
    joining = (node for node, some in shown_by.items() if not some[0].is_attribute)
    order = sorted(joining, key=lambda n: (shown_by[n][0].priority, min(c.first_seen_at for c in shown_by[n]), n))
    refused = set()
    for node in order:
        groups = {group[candidate.account] for candidate in shown_by[node]}
        merged = frozenset().union(*groups)
        if _too_many(groups, merged, holds, limits, shown_by[node][0].priority):
            refused |= {(candidate.account, node) for candidate in shown_by[node] if not candidate.is_own}
        else:
            group |= dict.fromkeys(merged, merged)
    return set(group.values()), refused


def _too_many(
    groups: set[frozenset[str]],
    merged: frozenset[str],
    holds: dict[str, dict[Dimension, set[str]]],
    limits: dict[Dimension, tuple[int, int]],
    priority: int,
) -> bool:
    """Whether the merged person has more values of a type, no weaker than the identifier, than it may or one had."""

    def values(accounts: Iterable[str], dimension: Dimension) -> int:
        return len(set().union(*(holds[account].get(dimension, set()) for account in accounts)))

    return len(groups) > 1 and any(
        values(merged, dimension) > max(limit, *(values(accounts, dimension) for accounts in groups))
        for dimension, (strength, limit) in limits.items()
        if strength <= priority and any(dimension in holds[account] for account in merged)
    )
