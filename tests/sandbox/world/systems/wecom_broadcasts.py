"""Broadcasts that the corp and its guides made before the business date, outside of every campaign of ours."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.sandbox.world.calendar import moment
from tests.sandbox.world.systems.wecom import groups

if TYPE_CHECKING:
    from tests.sandbox.world import World

COMPANY, PERSONAL = 0, 1
WAITING, SENT, NOT_A_FRIEND, OVER_CAP = range(4)

_MADE = (
    (2, "single", PERSONAL),
    (3, "single", COMPANY),
    (4, "group", COMPANY),
    (6, "single", COMPANY),
    (11, "group", COMPANY),
    (12, "single", COMPANY),
    (17, "single", PERSONAL),
    (20, "single", COMPANY),
    (24, "group", COMPANY),
    (26, "single", COMPANY),
)
"""Days before the business date, to whom, by whom."""

_TEXTS = ("新品到店，欢迎来试", "会员日双倍积分", "换季护理小课堂，周六直播", "奶粉囤货价只到周日")


@dataclass(frozen=True, slots=True)
class Task:
    """What one member of staff was asked to send: to whom, and with what final status each."""

    userid: str
    confirmed_at: datetime | None
    copies: tuple[tuple[str, int], ...]

    def status(self, final: int, at: datetime) -> int:
        """The status of a copy just before `at`."""
        return final if self.is_done(at) else WAITING

    def is_done(self, at: datetime) -> bool:
        """Whether the member of staff has confirmed just before `at`."""
        return self.confirmed_at is not None and self.confirmed_at < at


@dataclass(frozen=True, slots=True)
class Broadcast:
    """One broadcast; its recipients are external_userids (`single`) or chat ids (`group`)."""

    msgid: str
    created_at: datetime
    chat_type: str
    create_type: int
    creator: str
    content: str
    has_link: bool
    tasks: tuple[Task, ...]


def broadcasts(world: World) -> list[Broadcast]:
    """Every one, oldest first; one that nobody could have received was never made."""
    return world.chapter(_broadcasts)


def _broadcasts(world: World) -> list[Broadcast]:
    rng = world.dice("wecom broadcasts")
    made = [_broadcast(world, rng, *how) for how in _MADE]
    return sorted((one for one in made if one.tasks), key=lambda one: one.created_at)


def _broadcast(world: World, rng: random.Random, ago: int, chat_type: str, create_type: int) -> Broadcast:
    created = moment(rng, world.calendar.ago(ago), 9, 18)
    reached = _customers(world, rng, created) if chat_type == "single" else _groups_at(world, created)
    senders = sorted(reached)
    if create_type == PERSONAL and senders:
        senders = [rng.choice(senders)]
    return Broadcast(
        msgid=world.code("wecom broadcast", f"{ago}", "msgPAST", 32),
        created_at=created,
        chat_type=chat_type,
        create_type=create_type,
        creator=senders[0] if create_type == PERSONAL and senders else "lixiaomei",
        content=rng.choice(_TEXTS),
        has_link=rng.random() < 0.5,
        tasks=tuple(_task(rng, sender, created, reached[sender]) for sender in senders),
    )


def _customers(world: World, rng: random.Random, at: datetime) -> dict[str, list[str]]:
    """Some of the customers by the member of staff who may write to them: of several, whoever added them last."""
    by_age = sorted(world.contacts, key=lambda contact: contact.added_at)
    last = {contact.external_userid: contact for contact in by_age if contact.exists(at)}
    found: dict[str, list[str]] = {}
    for external_userid in sorted(last):
        if rng.random() < 0.7:
            found.setdefault(last[external_userid].staff_userid, []).append(external_userid)
    return found


def _groups_at(world: World, at: datetime) -> dict[str, list[str]]:
    return {group.owner: [group.chat_id] for group in groups(world) if group.created_at < at}


def _task(rng: random.Random, userid: str, created: datetime, recipients: list[str]) -> Task:
    lot = rng.random()
    # Most confirm on the day, some after days, a few never.
    after = timedelta(minutes=rng.randint(2, 300)) if lot < 0.75 else timedelta(hours=rng.randint(20, 96))
    return Task(
        userid=userid,
        confirmed_at=None if lot > 0.93 else created + after,
        copies=tuple((one, rng.choices((SENT, NOT_A_FRIEND, OVER_CAP), (85, 5, 10))[0]) for one in recipients),
    )
