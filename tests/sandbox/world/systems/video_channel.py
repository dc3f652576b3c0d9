"""The brand's video channel (视频号): live sessions in the evenings, and people who leave their phone in them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from quanyu.contracts import SHANGHAI
from tests.sandbox.world.model import Account
from tests.sandbox.world.openids import STORE_APPID
from tests.sandbox.world.systems import wechat_store

if TYPE_CHECKING:
    from tests.sandbox.world import World
    from tests.sandbox.world.truth import Identifier

ACCOUNT = "video_channel_lead"
ACTS = frozenset({ACCOUNT})
SCOPE = STORE_APPID
COMPONENTS = (("leadsCoupon01", "领取奶粉试用装"), ("leadsClass02", "预约育儿课堂"))

_SHARE = {"regular": 0.18, "online": 0.12, "store_shopper": 0.15, "new_fan": 0.3, "old_fan": 0.1, "passer_by": 0.1}


@dataclass(frozen=True, slots=True)
class Live:
    """One live session and its settled figures."""

    export_id: str
    request_id: str
    title: str
    started_at: datetime
    seconds: int
    audience: int
    cheers: int
    forwards: int
    comments: int
    online: int
    new_fans: int


@dataclass(frozen=True, slots=True)
class Lead:
    """Somebody typed a phone into a form that was shown in a live session."""

    component: str
    phone: str
    left_at: datetime
    live: Live
    person: str


@dataclass(frozen=True, slots=True)
class Sales:
    """What the shop sold on one day, in fen."""

    day: date
    gmv: int
    buyers: int
    orders: int
    refunded: int
    clicks: int
    by_live: int
    by_feed: int


def lives(world: World) -> list[Live]:
    """Every session, oldest first."""
    return world.chapter(_lives)


def leads(world: World) -> list[Lead]:
    """Every lead, oldest first; some people leave their phone twice."""
    return world.chapter(_leads)


def sales(world: World) -> dict[date, Sales]:
    """What the store sold, by day; days on which nothing moved are absent."""
    return world.chapter(_sales)


def _lives(world: World) -> list[Live]:
    rng = world.dice("video_channel lives")
    return [
        _live(rng, number, day)
        for number, day in enumerate(world.calendar.days(), 1)
        if day.weekday() in {2, 4, 5, 6} or rng.random() < 0.2
    ]


def _live(rng: random.Random, number: int, day: date) -> Live:
    audience = rng.randint(300, 4000)
    return Live(
        export_id=f"export/QuanyuLive{number:04d}",
        request_id=f"liveReq{number:06d}",
        title=rng.choice(("云柔纸尿裤专场", "辅食添加怎么做", "新手妈妈答疑")),
        started_at=datetime.combine(day, time(19, rng.randrange(60), rng.randrange(60)), SHANGHAI),
        seconds=rng.randint(3000, 9000),
        audience=audience,
        cheers=audience * rng.randint(2, 9),
        forwards=audience // 40,
        comments=audience // 6,
        online=audience // 8,
        new_fans=audience // 50,
    )


def _leads(world: World) -> list[Lead]:
    rng = world.dice("video_channel leads")
    found = []
    for journey in world.living:
        person = journey.person
        if rng.random() >= _SHARE.get(person.persona, 0.0):
            continue
        for _ in range(rng.choices((1, 2), (80, 20))[0]):
            live = rng.choice(lives(world))
            changed = journey.phone_changes_on is not None and live.started_at.date() >= journey.phone_changes_on
            phone = person.phones[-1] if changed else person.phones[0]
            left_at = live.started_at + timedelta(seconds=rng.randrange(60, live.seconds))
            found.append(Lead(rng.choice(COMPONENTS)[0], phone, left_at, live, person.id))
    return sorted(found, key=lambda lead: (lead.left_at, lead.phone))


def _sales(world: World) -> dict[date, Sales]:
    rng = world.dice("video_channel sales")
    paid: dict[date, list[tuple[str, int]]] = {}
    refunded: dict[date, int] = {}
    for order in wechat_store.orders(world):
        if order.paid_at is not None:
            paid.setdefault(order.paid_at.date(), []).append((order.person, order.paid_fen))
        refund = order.refund
        if refund is not None and refund.is_granted:
            refunded[refund.decided_at.date()] = refunded.get(refund.decided_at.date(), 0) + refund.fen
    return {day: _sold(rng, day, paid.get(day, []), refunded.get(day, 0)) for day in sorted({*paid, *refunded})}


def _sold(rng: random.Random, day: date, bought: list[tuple[str, int]], refunded: int) -> Sales:
    gmv = sum(fen for _, fen in bought)
    by_live = gmv * rng.randint(20, 60) // 100
    return Sales(
        day=day,
        gmv=gmv,
        buyers=len({person for person, _ in bought}),
        orders=len(bought),
        refunded=refunded,
        clicks=len(bought) * rng.randint(8, 30),
        by_live=by_live,
        by_feed=(gmv - by_live) // 2,
    )


def accounts(world: World) -> Iterator[tuple[Account, str]]:
    """A lead is a phone at a form; the pipeline knows it by the phone's token instead of the phone."""
    for lead in leads(world):
        yield (ACCOUNT, SCOPE, f"{lead.component}|{lead.phone}"), lead.person


def evidence(world: World, day: date) -> Iterator[tuple[Account, set[Identifier]]]:
    """A lead shows its phone."""
    from tests.sandbox.world.truth import night, own_phone

    start = datetime.combine(world.calendar.first, time(), SHANGHAI)
    for lead in leads(world):
        if start <= lead.left_at < night(day):
            yield (ACCOUNT, SCOPE, f"{lead.component}|{lead.phone}"), own_phone(world, lead.phone, lead.person)
