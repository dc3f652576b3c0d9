"""What the official account must bring."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from quanyu.contracts import Record, Window
from tests.sandbox.official_account_cubes import EVERYWHERE, TOTALLED_FOR
from tests.sandbox.world import World
from tests.sandbox.world.systems import official_account as account
from tests.truth import Facts, Truth, Wire, midnights

Keyed = Iterator[tuple[str, tuple[Any, ...]]]


def _followers(world: World, _window: Window, end: datetime) -> Facts:
    tags = account.tags_of(world)
    return {
        fan.openid: (1, fan.unionid, int(fan.subscribed_at.timestamp()), tags[fan.openid])
        for fan in world.followers
        if fan.follows(end)
    }


def _tags(world: World, _window: Window, end: datetime) -> Facts:
    openids = {fan.openid for fan in world.followers if fan.follows(end)}
    counts = Counter(tag for openid, tags in account.tags_of(world).items() if openid in openids for tag in tags)
    return {f"{tag}": (name, counts[tag]) for tag, name in account.TAGS.items()}


def _by_day(told: Callable[[World, date, date], Keyed]) -> Callable[[World, Window, datetime], Facts]:
    """Facts by day and key; `told(world, day, last)` are those of a day, when `last` is the newest that is over."""

    def happened(world: World, window: Window, end: datetime) -> Facts:
        last = (end - timedelta(seconds=1)).date()
        return {
            "|".join(part for part in (f"{day}", key) if part): facts
            for day in window.days()
            for key, facts in told(world, day, last)
        }

    return happened


def _user_summary(world: World, window: Window, _end: datetime) -> Facts:
    """Counted again, follower by follower."""
    found: dict[str, tuple[int, int]] = {}
    for day, start, end in midnights(window):
        for fan in world.followers:
            came = start <= fan.subscribed_at < end
            left = fan.unsubscribed_at is not None and start <= fan.unsubscribed_at < end
            if came or left:
                key = f"{day}|{account.SOURCES[fan.scene]}"
                before = found.get(key, (0, 0))
                found[key] = (before[0] + came, before[1] + left)
    return dict(found)


def _user_cumulate(world: World, window: Window, _end: datetime) -> Facts:
    return {f"{day}": (sum(fan.follows(end) for fan in world.followers),) for day, _, end in midnights(window)}


def _article_summary(world: World, day: date, _last: date) -> Keyed:
    for article in account.articles(world):
        reads = article.on(day)
        if reads.count:
            yield article.msgid, (article.title, reads.users, reads.count, reads.share_count, reads.fav_users)


def _article_total(world: World, day: date, last: date) -> Keyed:
    for article in account.articles(world):
        if article.day == day:
            known = min(TOTALLED_FOR, (last - day).days + 1)
            until = [day + timedelta(days=age) for age in range(known)]
            totals = tuple((f"{at}", article.until(at).users, article.until(at).count) for at in until)
            yield article.msgid, (article.title, article.target, totals)


def _told_total(row: Record) -> tuple[Any, ...]:
    details = row["details"]
    totals = tuple((one["stat_date"], one["int_page_read_user"], one["int_page_read_count"]) for one in details)
    (target,) = {one["target_user"] for one in details}
    return row["title"], target, totals


def _user_read(world: World, day: date, _last: date) -> Keyed:
    """Readings of the parts add up to those of all; of few readers a source may have none."""
    everywhere = account.read_on(world, day).count
    parts = account.split(everywhere, account.READ_FROM)
    for source, count in (parts | {EVERYWHERE: everywhere}).items():
        if count:
            yield f"{source}", (count,)


def _user_share(world: World, day: date, _last: date) -> Keyed:
    for scene, count in account.split(account.read_on(world, day).share_count, account.SHARED_TO).items():
        if count:
            yield f"{scene}", (count,)


def _upstream_messages(world: World, day: date, _last: date) -> Keyed:
    for kind, figures in account.talk(world)[day].messages.items():
        yield f"{kind}", figures


def _interface_summary(world: World, day: date, _last: date) -> Keyed:
    talk = account.talk(world)[day]
    yield "", (talk.callbacks, talk.failures, talk.total_ms, talk.max_ms)


def _says(*columns: str) -> Callable[[Record], tuple[Any, ...]]:
    return lambda row: tuple(row[column] for column in columns)


TRUTH = {
    "followers": Truth(
        _followers,
        lambda row: (row["subscribe"], row.get("unionid"), row["subscribe_time"], tuple(row["tagid_list"])),
    ),
    "tags": Truth(_tags, _says("name", "count")),
    "user_summary": Truth(_user_summary, _says("new_user", "cancel_user")),
    "user_cumulate": Truth(_user_cumulate, _says("cumulate_user")),
    "article_summary": Truth(
        _by_day(_article_summary),
        _says("title", "int_page_read_user", "int_page_read_count", "share_count", "add_to_fav_user"),
    ),
    "article_total": Truth(_by_day(_article_total), _told_total),
    "user_read": Truth(_by_day(_user_read), _says("int_page_read_count")),
    "user_share": Truth(_by_day(_user_share), _says("share_count")),
    "upstream_messages": Truth(_by_day(_upstream_messages), _says("msg_user", "msg_count")),
    "interface_summary": Truth(
        _by_day(_interface_summary), _says("callback_count", "fail_count", "total_time_cost", "max_time_cost")
    ),
}

WIRE = Wire(token="renews")
