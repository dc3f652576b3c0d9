"""Seeded graphs of accounts and identifiers with the shape of a retailer's; the same seed gives the same edges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Nodes = NDArray[np.int64]

_JUNK_IDENTIFIERS = 6
_LONGEST_CHAIN = 64


@dataclass(frozen=True)
class Edges:
    """Which account showed which identifier; both are 64-bit hashes in one id space."""

    account: Nodes
    identifier: Nodes

    def __len__(self) -> int:
        return len(self.account)


@dataclass(frozen=True)
class Graph:
    """What is known before the night, and what the night brings."""

    history: Edges
    night: Edges


@dataclass(frozen=True)
class _People:
    """`person[i]` holds account i; account ids and identifier ids are counted from 0, each by itself."""

    person: Nodes
    persons: int

    @property
    def accounts(self) -> int:
        return len(self.person)


def generate(edges: int, *, seed: int, night: int) -> Graph:
    """Make about `edges` edges of history and `night` new ones on top of them."""
    random = np.random.default_rng(seed)
    people = _people(random, max(2, round(edges * 0.297)))
    parts = [
        _own_ids(people),
        _phones(random, people),
        _devices(random, people),
        _chains(random, people, links=round(edges * 0.004)),
        _junk(random, people, edges=round(edges * 0.003)),
    ]
    accounts = np.concatenate([account for account, _ in parts])
    identifiers, count = _number_apart([identifier for _, identifier in parts])
    order = random.permutation(len(accounts))
    history = Edges(_hash(accounts[order], kind=1, seed=seed), _hash(identifiers[order], kind=2, seed=seed))
    return Graph(history, _night(random, night, people.accounts, identifiers, count, seed=seed))


def _people(random: np.random.Generator, persons: int) -> _People:
    """Most people have one account; the number follows a Zipf law cut off at 40."""
    sizes = np.minimum(random.zipf(2.6, persons), 40)
    return _People(np.repeat(np.arange(persons), sizes), persons)


def _own_ids(people: _People) -> tuple[Nodes, Nodes]:
    """Each account has an id nobody else has, as an openid: seven edges in ten tie nothing together."""
    everyone = np.arange(people.accounts)
    return everyone, everyone


def _phones(random: np.random.Generator, people: _People) -> tuple[Nodes, Nodes]:
    """Most accounts show a phone; one in twenty a second one; one in a hundred a phone somebody else had before."""
    shows = np.flatnonzero(random.random(people.accounts) < 0.86)
    owner = people.person[shows]
    recycled = random.random(len(shows)) < 0.01
    owner = np.where(recycled, random.integers(0, people.persons, len(shows)), owner)
    second = random.random(len(shows)) < 0.05
    return np.concatenate([shows, shows[second]]), np.concatenate([owner * 2, owner[second] * 2 + 1])


def _devices(random: np.random.Generator, people: _People) -> tuple[Nodes, Nodes]:
    """A device for a tenth of the accounts, one in twenty of them shared by strangers."""
    shows = np.flatnonzero(random.random(people.accounts) < 0.1)
    shared = random.random(len(shows)) < 0.05
    devices = np.where(shared, random.integers(0, max(1, len(shows) // 40), len(shows)), len(shows) + shows)
    return shows, devices


def _chains(random: np.random.Generator, people: _People, *, links: int) -> tuple[Nodes, Nodes]:
    """Runs of strangers, each tied to the next by an identifier of their own: 12 on average, at most 64."""
    if links == 0:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    lengths = np.minimum(random.geometric(1 / 12, links), _LONGEST_CHAIN - 1)
    lengths = lengths[: int(np.searchsorted(np.cumsum(lengths), links)) + 1]
    walk = random.integers(0, people.accounts, int((lengths + 1).sum()))
    is_last = np.zeros(len(walk), bool)
    is_last[np.cumsum(lengths + 1) - 1] = True
    starts = np.flatnonzero(~is_last)
    tie = np.arange(len(starts))
    return np.concatenate([walk[starts], walk[starts + 1]]), np.concatenate([tie, tie])


def _junk(random: np.random.Generator, people: _People, *, edges: int) -> tuple[Nodes, Nodes]:
    """A few identifiers that very many accounts show: a clerk's phone, a shop's tablet."""
    shares = 1 / np.arange(1, _JUNK_IDENTIFIERS + 1)
    chosen = random.choice(_JUNK_IDENTIFIERS, edges, p=shares / shares.sum())
    return random.integers(0, people.accounts, edges), chosen.astype(np.int64)


def _number_apart(kinds: list[Nodes]) -> tuple[Nodes, int]:
    """Give each kind of identifier a range of its own."""
    offset, parts = 0, []
    for kind in kinds:
        parts.append(kind + offset)
        offset += int(kind.max()) + 1 if len(kind) else 0
    return np.concatenate(parts), offset


def _night(
    random: np.random.Generator, edges: int, accounts: int, identifiers: Nodes, count: int, *, seed: int
) -> Edges:
    """New accounts with ids of their own, old accounts with new ids, new accounts of known people, and meetings."""
    fresh, added, known = (round(edges * share) for share in (0.2, 0.3, 0.15))
    meeting = edges - fresh - added - known
    account = np.concatenate(
        [
            accounts + np.arange(fresh),
            random.integers(0, accounts, added),
            accounts + fresh + np.arange(known),
            random.integers(0, accounts, meeting),
        ]
    )
    identifier = np.concatenate(
        [
            count + np.arange(fresh + added),
            random.choice(identifiers, known + meeting),
        ]
    )
    order = random.permutation(edges)
    return Edges(_hash(account[order], kind=1, seed=seed), _hash(identifier[order], kind=2, seed=seed))


def _hash(numbers: Nodes, *, kind: int, seed: int) -> Nodes:
    """Spread counted ids over 64 bits (splitmix64, which is one to one, so nothing collides)."""
    with np.errstate(over="ignore"):
        z = numbers.astype(np.uint64) * np.uint64(2) + np.uint64((kind - 1 + (seed << 40)) % 2**64)
        z = z * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return z.view(np.int64)
