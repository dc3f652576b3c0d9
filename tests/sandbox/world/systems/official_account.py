"""The official account beyond its followers: their tags, how many came and left, what was published and read.

Figures are of everybody together. Who came and who left is told by `world.followers`, the rest is drawn.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from tests.sandbox.world.catalogue import GUIDES

if TYPE_CHECKING:
    from tests.sandbox.world import World

SOURCES = {
    "ADD_SCENE_SEARCH": 1,
    "ADD_SCENE_PROFILE_CARD": 17,
    "ADD_SCENE_QR_CODE": 30,
    "ADD_SCENE_WECHAT_ADVERTISEMENT": 100,
}
"""How somebody came to follow, in the words of the follower and in the number of the daily report."""

_STARRED = 2
_REGULARS, _TESTERS = 128, 129
_OF_STORE = {store: 100 + number for number, store in enumerate(sorted(GUIDES))}
TAGS = {
    _STARRED: "星标组",
    **{tag: f"门店 {store}" for store, tag in _OF_STORE.items()},
    _REGULARS: "复购客",
    _TESTERS: "新品试用",
}

READ_FOR = 10
"""So many days, that of its publishing included, an article is read."""

READ_FROM = ((0, 60), (1, 14), (2, 16), (4, 6), (5, 4))
"""Where readers come from: session, friends, moments, list of history, elsewhere; in hundredths."""

SHARED_TO = ((1, 55), (2, 40), (255, 5))
"""To a friend, to the moments, elsewhere; in hundredths."""

_TITLES = ("换季护肤", "门店新品到货", "会员日预告", "导购推荐", "一周穿搭", "节气养生", "老客专享", "品牌故事")
_MESSAGE_TYPES = (1, 2, 3, 4)


class Reads(NamedTuple):
    """Readers and readings of the page and of the original behind it, shares, favourites."""

    users: int
    count: int
    ori_users: int
    ori_count: int
    share_users: int
    share_count: int
    fav_users: int
    fav_count: int


NOTHING = Reads(0, 0, 0, 0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Article:
    """One article of a mass send; `reads` are those of each day, that of the publishing first."""

    msgid: str
    title: str
    day: date
    target: int
    reads: tuple[Reads, ...]

    def on(self, day: date) -> Reads:
        """What was read on `day` alone."""
        age = (day - self.day).days
        return self.reads[age] if 0 <= age < len(self.reads) else NOTHING

    def until(self, day: date) -> Reads:
        """What was read up to the end of `day`."""
        return added(self.reads[: (day - self.day).days + 1])


@dataclass(frozen=True, slots=True)
class TalkDay:
    """What fans wrote by type of message (people, messages), and the callbacks of the day; times in milliseconds."""

    messages: Mapping[int, tuple[int, int]]
    callbacks: int
    failures: int
    total_ms: int
    max_ms: int


def added(several: tuple[Reads, ...] | list[Reads]) -> Reads:
    """Figures added one by one."""
    return Reads(*(sum(figures) for figures in zip(NOTHING, *several, strict=True)))


def split(whole: int, hundredths: tuple[tuple[int, int], ...]) -> dict[int, int]:
    """Parts of a whole by key; the first one takes what rounding leaves over."""
    parts = {key: whole * share // 100 for key, share in hundredths}
    first = hundredths[0][0]
    return parts | {first: parts[first] + whole - sum(parts.values())}


def tags_of(world: World) -> Mapping[str, tuple[int, ...]]:
    """The tags of each fan by openid, lowest first."""
    return world.chapter(_tags_of)


def _tags_of(world: World) -> dict[str, tuple[int, ...]]:
    rng = world.dice("official_account tags")
    found = {}
    for fan in world.followers:
        store = [_OF_STORE[world.person(fan.person).store]] if rng.random() < 0.7 else []
        others = [tag for tag, share in ((_REGULARS, 0.25), (_TESTERS, 0.1)) if rng.random() < share]
        found[fan.openid] = (*store, *others)
    return found


def moves(world: World) -> Mapping[date, Mapping[int, tuple[int, int]]]:
    """How many came and how many left, by day and source; a source without either is absent."""
    return world.chapter(_moves)


def _moves(world: World) -> dict[date, dict[int, tuple[int, int]]]:
    found: dict[date, dict[int, tuple[int, int]]] = defaultdict(dict)
    for fan in world.followers:
        source = SOURCES[fan.scene]
        for at, came, left in ((fan.subscribed_at, 1, 0), (fan.unsubscribed_at, 0, 1)):
            if at is not None:
                before = found[at.date()].get(source, (0, 0))
                found[at.date()][source] = (before[0] + came, before[1] + left)
    return dict(found)


def fans(world: World, day: date) -> int:
    """How many follow at the end of `day`."""
    return sum(came - left for on, of in moves(world).items() if on <= day for came, left in of.values())


def articles(world: World) -> list[Article]:
    """Every article, oldest first; one mass send in four days."""
    return world.chapter(_articles)


def _articles(world: World) -> list[Article]:
    rng = world.dice("official_account articles")
    found = []
    for number, day in enumerate(world.calendar.days()):
        if number % 4 == 0:
            target = fans(world, day)
            send = 2_247_480_000 + number
            found += [
                Article(
                    f"{send}_{place}", f"{rng.choice(_TITLES)} {day:%m.%d}", day, target, _reads(rng, target // place)
                )
                for place in range(1, rng.randint(1, 3) + 1)
            ]
    return found


def _reads(rng: random.Random, target: int) -> tuple[Reads, ...]:
    """Half of the readers come on the first day, half of the rest on the next, and so on; some are no fans."""
    found = []
    readers = 40 + target * rng.randint(8, 30) // 100
    for _ in range(READ_FOR):
        today = (readers + 1) // 2 if readers else 0
        readers -= today
        count = today * rng.randint(100, 160) // 100
        shares = today * rng.randint(2, 9) // 100
        found.append(Reads(today, count, today // 12, count // 11, shares, shares * 2, today // 20, today // 18))
    return tuple(found)


def read_on(world: World, day: date) -> Reads:
    """What was read of all articles on `day`."""
    return added([article.on(day) for article in articles(world)])


def talk(world: World) -> Mapping[date, TalkDay]:
    """What was written to the account and what it cost to answer, by lived day."""
    return world.chapter(_talk)


def _talk(world: World) -> dict[date, TalkDay]:
    rng = world.dice("official_account talk")
    return {day: _talk_day(rng, fans(world, day)) for day in world.calendar.days()}


def _talk_day(rng: random.Random, there: int) -> TalkDay:
    messages = {}
    for kind in _MESSAGE_TYPES:
        people = (2 + there // 20) * rng.randint(0, 100) // (100 * kind)
        if people:
            messages[kind] = (people, people * rng.randint(100, 300) // 100)
    callbacks = sum(count for _, count in messages.values()) + rng.randint(2, 9)
    slowest = rng.randint(300, 4_900)
    return TalkDay(messages, callbacks, callbacks // 40, slowest + 80 * (callbacks - 1), slowest)
