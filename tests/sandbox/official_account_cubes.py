"""The rows of the official account's data cubes, as its reports show one day.

getusersummary, getusercumulate, getarticlesummary, getarticletotal, getuserread, getusershare, getupstreammsg,
getinterfacesummary; the number beside each is the longest span of days that one call may ask for.

A source, a scene, a type of message or an article without figures is absent, and so are the days before the account
lived. `getarticletotal` lists the articles that were published on the day, with what was read up to the end of each
of the seven days since.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from tests.sandbox.weixin import Answer
from tests.sandbox.world import World
from tests.sandbox.world.systems.official_account import (
    READ_FROM,
    SHARED_TO,
    Article,
    Reads,
    articles,
    fans,
    moves,
    read_on,
    split,
    talk,
)

TOTALLED_FOR = 7
EVERYWHERE = 99999999
_ROUTES = {"session": 0, "hist_msg": 4, "feed": 2, "friends": 1, "other": 5}


def _user_summary(world: World, day: date, _today: date) -> list[Answer]:
    return [
        {"ref_date": f"{day}", "user_source": source, "new_user": came, "cancel_user": left}
        for source, (came, left) in sorted(moves(world).get(day, {}).items())
    ]


def _user_cumulate(world: World, day: date, _today: date) -> list[Answer]:
    return [{"ref_date": f"{day}", "cumulate_user": fans(world, day)}]


def _counters(reads: Reads) -> Answer:
    return {
        "int_page_read_user": reads.users,
        "int_page_read_count": reads.count,
        "ori_page_read_user": reads.ori_users,
        "ori_page_read_count": reads.ori_count,
        "share_user": reads.share_users,
        "share_count": reads.share_count,
        "add_to_fav_user": reads.fav_users,
        "add_to_fav_count": reads.fav_count,
    }


def _article_summary(world: World, day: date, _today: date) -> list[Answer]:
    return [
        {"ref_date": f"{day}", "msgid": article.msgid, "title": article.title, **_counters(article.on(day))}
        for article in articles(world)
        if article.on(day).count
    ]


def _article_total(world: World, day: date, today: date) -> list[Answer]:
    days = [day + timedelta(days=age) for age in range(TOTALLED_FOR)]
    return [
        {
            "ref_date": f"{day}",
            "msgid": article.msgid,
            "title": article.title,
            "details": [_detail(article, until) for until in days if until <= today],
        }
        for article in articles(world)
        if article.day == day
    ]


def _detail(article: Article, until: date) -> Answer:
    reads = article.until(until)
    users, counts = split(reads.users, READ_FROM), split(reads.count, READ_FROM)
    detail = {"stat_date": f"{until}", "target_user": article.target, **_counters(reads)}
    for name, source in _ROUTES.items():
        detail |= {
            f"int_page_from_{name}_read_user": users[source],
            f"int_page_from_{name}_read_count": counts[source],
        }
    for name in ("session", "feed", "other"):
        detail |= {
            f"feed_share_from_{name}_user": users[_ROUTES[name]] // 30,
            f"feed_share_from_{name}_cnt": users[_ROUTES[name]] // 25,
        }
    return detail


def _user_read(world: World, day: date, _today: date) -> list[Answer]:
    """A row per source and one of all together, in which a person of two sources counts once."""
    everywhere = read_on(world, day)
    if not everywhere.count:
        return []
    parts = [split(figure, READ_FROM) for figure in everywhere]
    by_source = [(source, Reads(*(part[source] for part in parts))) for source, _ in READ_FROM]
    once = everywhere._replace(users=max(everywhere.users * 9 // 10, by_source[0][1].users))
    return [
        {"ref_date": f"{day}", "user_source": source, **_counters(reads)}
        for source, reads in [*by_source, (EVERYWHERE, once)]
        if reads.count
    ]


def _user_share(world: World, day: date, _today: date) -> list[Answer]:
    reads = read_on(world, day)
    users, counts = split(reads.share_users, SHARED_TO), split(reads.share_count, SHARED_TO)
    return [
        {"ref_date": f"{day}", "share_scene": scene, "share_user": users[scene], "share_count": counts[scene]}
        for scene, _ in SHARED_TO
        if counts[scene]
    ]


def _upstream(world: World, day: date, _today: date) -> list[Answer]:
    found = talk(world).get(day)
    return [
        {"ref_date": f"{day}", "msg_type": kind, "msg_user": people, "msg_count": count}
        for kind, (people, count) in (found.messages.items() if found else ())
    ]


def _interface(world: World, day: date, _today: date) -> list[Answer]:
    found = talk(world).get(day)
    if found is None:
        return []
    figures = {"callback_count": found.callbacks, "fail_count": found.failures}
    return [{"ref_date": f"{day}", **figures, "total_time_cost": found.total_ms, "max_time_cost": found.max_ms}]


CUBES: Mapping[str, tuple[int, Callable[[World, date, date], list[Answer]]]] = {
    "getusersummary": (7, _user_summary),
    "getusercumulate": (7, _user_cumulate),
    "getarticlesummary": (1, _article_summary),
    "getarticletotal": (1, _article_total),
    "getuserread": (3, _user_read),
    "getusershare": (7, _user_share),
    "getupstreammsg": (7, _upstream),
    "getinterfacesummary": (30, _interface),
}
