"""Our own tracking: what people do in the mini program, the app and on the web site, event by event.

No platform exports raw events (We分析 keeps them), so the envelope is our own: event_id, event, occurred_at, platform,
appid, device_id, user_id, openid, unionid, page, product, campaign and a free object of properties.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.sandbox.world.calendar import moment
from tests.sandbox.world.catalogue import ITEMS, STORES
from tests.sandbox.world.facts import Fact, in_order
from tests.sandbox.world.journeys import Journey
from tests.sandbox.world.model import Account
from tests.sandbox.world.openids import MINI_APPID, openid
from tests.sandbox.world.systems.store import COORDINATES

if TYPE_CHECKING:
    from tests.sandbox.world import World
    from tests.sandbox.world.truth import Identifier

APP = "app.quanyu"
SITE = "www.quanyu"

_USES_MINI = {"regular": 0.45, "online": 0.3, "store_shopper": 0.25, "new_fan": 0.5, "old_fan": 0.15}
_USES_APP = {"regular": 0.15, "online": 0.12}
_PAGES = ("pages/index/index", "pages/product/detail", "pages/cart/cart", "pages/activity/double11")


def events(world: World) -> list[Fact]:
    """Sessions of a few events each; in the app one of them may be the login, with the phone's SHA-256."""
    rng = world.dice("tracking")
    found: list[Fact] = []
    for journey in world.living:
        for _ in range(rng.randint(1, 3) if rng.random() < _USES_MINI.get(journey.person.persona, 0.03) else 0):
            found += _session(world, journey, rng, "mini_program")
        for _ in range(rng.randint(1, 2) if rng.random() < _USES_APP.get(journey.person.persona, 0.01) else 0):
            found += _session(world, journey, rng, "app")
        if rng.random() < 0.08:
            found += _session(world, journey, rng, "web")
    return in_order([*found, *_places(world), *_switches(world, found)])


def _places(world: World) -> list[Fact]:
    """Of those who use the mini program some share where they are, near their store, and some take that back."""
    rng = world.dice("tracking places")
    found = []
    for journey in world.living:
        if rng.random() > 0.5 * _USES_MINI.get(journey.person.persona, 0.03):
            continue
        at = moment(rng, world.calendar.ago(rng.randint(3, world.calendar.history_days)), 8, 23)
        east, north = (
            float(degrees) + rng.gauss(0, 0.03) for degrees in COORDINATES[STORES.index(journey.person.store)]
        )
        place = {"longitude": round(east, 3), "latitude": round(north, 3)}
        names = ["location_shared", *(["location_refused"] if rng.random() < 0.1 else [])]
        for days, name in enumerate(names):
            row = _row(world, journey, rng, platform="mini_program", name=name, at=at + timedelta(days=days))
            row |= {"session_id": f"s{rng.randrange(16**12):012x}"}
            if name == "location_shared":
                row["properties"] |= place
            found.append(Fact(at + timedelta(days=days), row, journey.person.id))
    return found


def _switches(world: World, found: list[Fact]) -> list[Fact]:
    """Most who log in to the app let it push, and a few turn that off again."""
    rng = world.dice("tracking switches")
    journeys = {journey.person.id: journey for journey in world.living}
    logins = {fact.person: fact.at for fact in reversed(in_order(found)) if fact.row["event"] == "login"}
    switches = []
    for person, login in sorted(logins.items()):
        if rng.random() > 0.7:
            continue
        pushed_by = {
            "registration_id": registration_id(world, person),
            "push_provider": rng.choice(("jpush", "getui")),
        }
        names = ["push_enabled", *(["push_disabled"] if rng.random() < 0.1 else [])]
        for days, name in enumerate(names):
            at = login + timedelta(days=days, seconds=1)
            row = _row(world, journeys[person], rng, platform="app", name=name, at=at)
            row |= {"session_id": f"s{rng.randrange(16**12):012x}"}
            row["properties"] |= pushed_by
            switches.append(Fact(at, row, person))
    return switches


def of_popup(world: World, person_id: str, popup_id: str, at: datetime) -> list[Fact]:
    """What the app tells of a popup that it shows at some moment, and of one in three that it was clicked."""
    rng = world.dice(f"tracking popup {popup_id}")
    journey = next(journey for journey in world.journeys if journey.person.id == person_id)
    session = f"s{rng.randrange(16**12):012x}"
    found = []
    for name in ("popup_shown", *(["popup_clicked"] if rng.random() < 1 / 3 else [])):
        row = _row(world, journey, rng, platform="app", name=name, at=at) | {"session_id": session}
        row["properties"] |= {"popup_id": popup_id}
        found.append(Fact(at, row, person_id))
        at += timedelta(seconds=rng.randint(1, 20))
    return found


def registration_id(world: World, person_id: str) -> str:
    """What whoever pushes to the app calls its install on a person's phone."""
    return world.code("registration", person_id, "r", 18)


def app_user_id(world: World, person_id: str) -> str:
    """What the app calls a person."""
    return world.code("app user", person_id, "u", 12)


def _session(world: World, journey: Journey, rng: random.Random, platform: str) -> list[Fact]:
    person = journey.person
    at = moment(rng, world.calendar.ago(rng.randint(-2, world.calendar.history_days)), 8, 23)
    session = f"s{rng.randrange(16**12):012x}"
    names = ["page_view", *rng.choices(("page_view", "product_view", "add_to_cart", "share"), k=rng.randint(1, 4))]
    if platform == "app":
        names.insert(0, "login")
    found = []
    for name in names:
        row = _row(world, journey, rng, platform=platform, name=name, at=at) | {"session_id": session}
        found.append(Fact(at, row, person.id))
        at += timedelta(seconds=rng.randint(2, 200))
    # A session that runs past midnight belongs to the day on which it began, event by event.
    return found


def _row(
    world: World, journey: Journey, rng: random.Random, *, platform: str, name: str, at: datetime
) -> dict[str, Any]:
    person = journey.person
    in_mini, in_app = platform == "mini_program", platform == "app"
    phone = journey.phone_on(at.date())
    item = rng.choice(ITEMS)
    return {
        "event_id": f"{rng.randrange(16**32):032x}",
        "event": name,
        "occurred_at": at.isoformat(),
        "platform": platform,
        "appid": {"mini_program": MINI_APPID, "app": APP, "web": SITE}[platform],
        "device_id": world.code(f"{platform} device", person.id, "d", 20),
        "user_id": app_user_id(world, person.id) if in_app else "",
        "openid": openid(world, MINI_APPID, person.id) if in_mini else "",
        # A user who never gave the program anything but a look has no unionid there.
        "unionid": person.unionid if in_mini and journey.follows_on is not None else "",
        "phone_sha256": hashlib.sha256(phone.encode()).hexdigest() if name == "login" else "",
        "session_id": "",
        "page": rng.choice(_PAGES),
        "sku": item.sku if name in {"product_view", "add_to_cart"} else "",
        "utm_source": rng.choice(("", "", "official_account", "xiaohongshu", "wecom")),
        "utm_campaign": rng.choice(("", "", "双11-收割")),
        "properties": {"duration_ms": rng.randint(200, 60000)},
    }


def _account(row: dict[str, Any]) -> Account | None:
    if row["openid"]:
        return ("mini_program_user", row["appid"], row["openid"])
    return ("app_user", row["appid"], row["user_id"]) if row["user_id"] else None


def accounts(world: World) -> Iterator[tuple[Account, str]]:
    """Users of the mini program by openid, of the app by user id; a visitor of the site stays anonymous."""
    for fact in world.chapter(events):
        if account := _account(fact.row):
            yield account, fact.person


def evidence(world: World, day: date) -> Iterator[tuple[Account, set[Identifier]]]:
    """The unionid that the mini program says, and the phone of a login in the app."""
    from tests.sandbox.world.truth import night, own_phone

    for fact in world.chapter(events):
        account = _account(fact.row)
        if account is None or not (world.calendar.first <= fact.at.date() and fact.at < night(day)):
            continue
        shown = {("unionid", fact.row["unionid"]), ("openid", fact.row["openid"])}
        ids = {(kind, value, fact.person) for kind, value in shown if value}
        for phone in world.person(fact.person).phones:
            if hashlib.sha256(phone.encode()).hexdigest() == fact.row["phone_sha256"]:
                ids |= own_phone(world, phone, fact.person)
        yield account, ids
