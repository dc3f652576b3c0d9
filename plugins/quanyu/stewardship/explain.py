"""Why two accounts are one person, or why they are two: the chain of evidence, or what keeps them apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import permutations

from quanyu.stewardship.decisions import standing
from quanyu.stewardship.graph import Sighting, Step, chain, detour, shared, sightings
from quanyu.stewardship.naming import one_id_of, person_of
from quanyu.stewardship.nouns import Account, Decision, command
from quanyu.warehouse import Connection

_WEAK = ("phone",)
_TRUSTED = ("quarantined", "over_limit")  # what a steward's trust overrules
_SHOWN_ACCOUNTS = 40  # of a person; what no longer fits a picture explains nothing


@dataclass(frozen=True, slots=True)
class Party:
    """One of the two accounts, whose it is (None: nobody's), and that person's accounts, it first."""

    account: Account
    one_id: str | None
    accounts: tuple[Account, ...]
    shows: tuple[Sighting, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What ties two accounts, and what is refused between them.

    `way` is the chain of one person, or the shortest tie between two that goes through others.
    """

    left: Party
    right: Party
    way: tuple[Step, ...]
    shared: tuple[Step, ...]
    differences: tuple[str, ...]
    decisions: tuple[Decision, ...]
    advice: tuple[str, ...]

    @property
    def is_one(self) -> bool:
        """Whether both are one person."""
        return self.left.one_id is not None and self.left.one_id == self.right.one_id

    def waits(self, decision: Decision) -> bool:
        """Whether the last build knew nothing of a decision about these two."""
        if decision.decision == "same":
            return not self.is_one
        sides = [account in decision.left for account in (self.left.account, self.right.account)]
        return self.is_one and sides[0] != sides[1]


def explain(connection: Connection, left: Account, right: Account, business_date: date) -> Explanation:
    """Ask the identity of the last build about two accounts, and the decisions that stand on a date."""
    one, other = _party(connection, left), _party(connection, right)
    stand = standing(connection, business_date)
    if one.one_id and one.one_id == other.one_id:
        way = chain(connection, left, right)
        decisions = _about(stand, one, other, way)
        return Explanation(one, other, tuple(way), (), (), decisions, tuple(_if_one(one, other, way, decisions)))
    common = shared(connection, one.accounts, other.accounts)
    decisions = _about(stand, one, other, ())
    way = [] if common else detour(connection, one.accounts, other.accounts)
    return Explanation(
        one,
        other,
        tuple(way),
        tuple(common),
        tuple(differences(connection, one.accounts, other.accounts)),
        decisions,
        tuple(_if_two(one, other, [*common, *way], decisions)),
    )


def differences(connection: Connection, left: Collection[Account], right: Collection[Account]) -> list[str]:
    """The types of which a person has one value and these two have different ones."""
    unique = {
        kind
        for (kind,) in connection.execute(
            r"select identifier_type from policy.identity_identifier_types"
            r" where kind = 'unique' and identifier_type not like 'steward\_%'"
        )
    }
    sides: list[dict[tuple[str, str], list[Sighting]]] = []
    for accounts in (left, right):
        values = defaultdict(list)
        for sighting in sightings(connection, accounts):
            if sighting.identifier.identifier_type in unique and sighting.node_key:
                values[sighting.identifier.identifier_type, sighting.identifier.scope].append(sighting)
        sides.append(values)
    mine, yours = sides
    return [
        f"{_shown(mine[kind][0])}, {_shown(yours[kind][0])}"
        for kind in sorted(mine.keys() & yours.keys())
        if not {s.identifier for s in mine[kind]} & {s.identifier for s in yours[kind]}
    ]


def _shown(sighting: Sighting) -> str:
    return f"{sighting.account} shows {sighting.identifier}"


def _party(connection: Connection, account: Account) -> Party:
    one_id = one_id_of(connection, account)
    person = person_of(connection, one_id) if one_id else [account]
    accounts = (account, *(other for other in person if other != account))
    shown = sightings(connection, accounts[:_SHOWN_ACCOUNTS])
    return Party(account, one_id, accounts, tuple(s for s in shown if s.source != "steward"))


def _about(decisions: Iterable[Decision], one: Party, other: Party, way: Sequence[Step]) -> tuple[Decision, ...]:
    """Those on the way, and those that speak of both: of the two people, or of the two accounts of one person."""
    told = {step.near.identifier.value.partition(":")[0] for step in way if step.near.source == "steward"}
    is_one = one.one_id is not None and one.one_id == other.one_id
    left, right = ({one.account}, {other.account}) if is_one else ({*one.accounts}, {*other.accounts})
    return tuple(
        decision
        for decision in decisions
        if decision.decision_id in told
        or any(left & {*mine} and right & {*yours} for mine, yours in permutations((decision.left, decision.right)))
    )


def _if_one(one: Party, other: Party, way: Sequence[Step], decisions: Iterable[Decision]) -> Iterator[str]:
    yield f"if they are two: {command('never-same', one.account, other.account)}"
    yield f"if a part of it is somebody else: {command('split', one.one_id, '--off', other.account)}"
    for step in way:
        if step.near.identifier.identifier_type in _WEAK:
            yield f"if the {step.near.identifier} is nobody's own: {command('quarantine', step.near.identifier.key)}"
    for decision in decisions:
        if decision.decision in {"same", "split"}:
            yield f"if a steward was wrong: {command('revoke', decision.decision_id)}"


def _if_two(one: Party, other: Party, steps: Iterable[Step], decisions: Sequence[Decision]) -> Iterator[str]:
    apart = [decision for decision in decisions if decision.decision != "same"]
    for decision in apart:
        yield f"if a steward was wrong: {command('revoke', decision.decision_id)}"
    if not apart and len(decisions) == 0:
        yield f"if they are one: {command('same', one.account, other.account)}"
        yield f"if they never are, whatever comes: {command('never-same', one.account, other.account)}"
    for identifier in dict.fromkeys(step.near.identifier for step in steps if step.why_not[0] in _TRUSTED):
        yield f"if the {identifier} is one person's: {command('trust', identifier.key)}"
