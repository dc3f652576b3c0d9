"""WeCom beyond its contacts: tags, customer groups and how the staff talked with customers, day by day.

A guide's group has contacts of the guide in it, and others whom somebody brought along: the corp calls them by an
external_userid as well, though they are in nobody's address book.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from tests.sandbox.world.calendar import between, moment
from tests.sandbox.world.catalogue import GUIDES
from tests.sandbox.world.model import CORP, Account, Contact

if TYPE_CHECKING:
    from tests.sandbox.world import World
    from tests.sandbox.world.truth import Identifier

INVITED, BY_LINK, BY_CODE = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag of the corp and the group it is in; `share` of all relations carry it."""

    id: str
    name: str
    group_id: str
    group: str
    share: float


TAGS = (
    Tag("etQYStage0000000001", "孕期", "etQYStageGroup00001", "阶段", 0.15),
    Tag("etQYStage0000000002", "0-6个月", "etQYStageGroup00001", "阶段", 0.35),
    Tag("etQYStage0000000003", "6-12个月", "etQYStageGroup00001", "阶段", 0.3),
    Tag("etQYValue0000000001", "老客", "etQYValueGroup00001", "价值", 0.25),
    Tag("etQYValue0000000002", "喜欢活动", "etQYValueGroup00001", "价值", 0.2),
)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a group; `person` is empty for staff, whose `userid` is that of the corp."""

    userid: str
    name: str
    joined_at: datetime
    left_at: datetime | None
    join_scene: int
    invited_by: str = ""
    state: str = ""
    unionid: str | None = None
    person: str = ""

    def there(self, at: datetime) -> bool:
        """Whether the member is in the group just before `at`."""
        return self.joined_at < at and (self.left_at is None or self.left_at >= at)


@dataclass(frozen=True, slots=True)
class Group:
    """A customer group; the owner is a member from its first second."""

    chat_id: str
    name: str
    owner: str
    admins: tuple[str, ...]
    notice: str
    created_at: datetime
    members: tuple[Member, ...]

    def seen(self, at: datetime) -> list[Member]:
        """Who is in the group just before `at`, in the order of joining."""
        return sorted((one for one in self.members if one.there(at)), key=lambda one: (one.joined_at, one.userid))


@dataclass(frozen=True, slots=True)
class TalkDay:
    """What one member of staff did on one day; `replied` in hundredths of chats, `minutes` until the first answer.

    Both are None on a day when no customer began a chat.
    """

    chats: int
    messages: int
    replied: float | None
    minutes: int | None
    applied: int


def tags_of(world: World) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """The tags of each relation, by customer and member of staff."""
    return world.chapter(_tags_of)


def _tags_of(world: World) -> dict[tuple[str, str], tuple[str, ...]]:
    rng = world.dice("wecom tags")
    return {
        (contact.external_userid, contact.staff_userid): tuple(tag.id for tag in TAGS if rng.random() < tag.share)
        for contact in world.contacts
    }


def groups(world: World) -> list[Group]:
    """One group per guide with contacts, by age."""
    return world.chapter(_groups)


def _groups(world: World) -> list[Group]:
    rng = world.dice("wecom groups")
    known = {contact.person for contact in world.contacts}
    strangers = [journey.person.id for journey in world.living if journey.person.id not in known]
    rng.shuffle(strangers)
    found = []
    for guides in GUIDES.values():
        for owner, other in (guides, guides[::-1]):
            mine = [contact for contact in world.contacts if contact.staff_userid == owner]
            if mine:
                brought = [strangers.pop() for _ in range(rng.randint(1, 3)) if strangers]
                found.append(_group(world, rng, (owner, other), mine, brought))
    return sorted(found, key=lambda group: (group.created_at, group.chat_id))


def _group(world: World, rng: random.Random, guides: tuple[str, str], mine: list[Contact], brought: list[str]) -> Group:
    owner, other = guides
    day = world.calendar.ago(rng.randint(20, 200) if rng.random() < 0.8 else rng.randint(3, 15))
    created = moment(rng, day)
    first = Member(owner, owner, created, None, INVITED)
    second = Member(other, other, created + timedelta(minutes=5), None, INVITED, invited_by=owner)
    customers = [_customer(world, rng, contact, created) for contact in mine if rng.random() < 0.6]
    inviters = [member.userid for member in customers] or [owner]
    others = [_stranger(world, rng, person, created, rng.choice(inviters)) for person in brought]
    return Group(
        chat_id=world.code("wecom group", owner, "wrQY", 32),
        name=f"全域妈妈群 {owner}" if rng.random() < 0.8 else "",
        owner=owner,
        admins=(other,) if rng.random() < 0.5 else (),
        notice=f"进群请改备注，有事电话 {world.clerk_phones[0]}" if rng.random() < 0.5 else "",
        created_at=created,
        members=(first, second, *customers, *others),
    )


def _customer(world: World, rng: random.Random, contact: Contact, created: datetime) -> Member:
    joined = max(created, contact.added_at) + timedelta(minutes=rng.randint(1, 4 * 1440))
    is_invited = rng.random() < 0.6
    return Member(
        userid=contact.external_userid,
        name=contact.name,
        joined_at=joined,
        left_at=_left(world, rng, joined),
        join_scene=INVITED if is_invited else BY_CODE,
        invited_by=contact.staff_userid if is_invited else "",
        state="" if is_invited else contact.state,
        unionid=contact.unionid,
        person=contact.person,
    )


def _stranger(world: World, rng: random.Random, person: str, created: datetime, inviter: str) -> Member:
    joined = moment(rng, between(rng, created.date() + timedelta(days=1), world.calendar.last))
    return Member(
        userid=world.code("wecom customer", person, "wmQY", 32),
        name="群友",
        joined_at=joined,
        left_at=_left(world, rng, joined),
        join_scene=INVITED,
        invited_by=inviter,
        unionid=world.person(person).unionid if rng.random() < 0.85 else None,
        person=person,
    )


def _left(world: World, rng: random.Random, joined: datetime) -> datetime | None:
    if rng.random() > 0.1:
        return None
    return moment(rng, between(rng, joined.date() + timedelta(days=1), world.calendar.last))


def accounts(world: World) -> Iterator[tuple[Account, str]]:
    """Whoever is in a group and no member of staff: customers of the corp like its contacts."""
    for group in groups(world):
        for member in group.members:
            if member.person:
                yield ("wecom_contact", CORP, member.userid), member.person


def evidence(world: World, day: date) -> Iterator[tuple[Account, set[Identifier]]]:
    """Each who was in a group on a night from the business date on, with the unionid where the platform says it."""
    from tests.sandbox.world.truth import night

    first = world.business_date
    nights = [night(first + timedelta(days=number)) for number in range((day - first).days + 1)]
    for group in groups(world):
        for member in group.members:
            if member.person and any(map(member.there, nights)):
                unionid = {("unionid", member.unionid, member.person)} if member.unionid else set()
                yield ("wecom_contact", CORP, member.userid), unionid


def talk(world: World) -> Mapping[tuple[date, str], TalkDay]:
    """What each member of staff did on each lived day."""
    return world.chapter(_talk)


def _talk(world: World) -> dict[tuple[date, str], TalkDay]:
    rng = world.dice("wecom talk")
    return {(day, userid): _talk_day(rng) for day in world.calendar.days() for userid in world.staff}


def _talk_day(rng: random.Random) -> TalkDay:
    chats = rng.randint(0, 12)
    begun = chats > 0 and rng.random() < 0.85
    return TalkDay(
        chats=chats,
        messages=sum(rng.randint(1, 9) for _ in range(chats)),
        replied=round(rng.uniform(40, 100), 2) if begun else None,
        minutes=rng.randint(0, 90) if begun else None,
        applied=rng.randint(0, 4),
    )


def added_and_lost(world: World, day: date, userid: str) -> tuple[int, int]:
    """How many customers a member of staff got to know on a day, and how many ended it."""
    mine = [contact for contact in world.contacts if contact.staff_userid == userid]
    added = sum(contact.added_at.date() == day for contact in mine)
    return added, sum(contact.deleted_at is not None and contact.deleted_at.date() == day for contact in mine)
