"""A moving source loses nothing: 10,000 seeded histories of rows that change while TOP or Pinduoduo is read.

A history is a platform in memory, newest change first, pages of three. While a night reads one hour, rows change and
new ones come, all at the time of the call, which is after that hour. Three nights read three hours; during the last
one nothing changes. The real clients decode what the platform says; only the wire between them is left out.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from itertools import count
from typing import Any

import pytest

from quanyu.contracts import SHANGHAI, Connection, Page, Record, Window
from quanyu.errors import Retryable
from quanyu.paging import Shifting, backward, wall_clock
from quanyu.sources.pinduoduo import _ORDERS
from quanyu.sources.pinduoduo import client as pdd_client
from quanyu.sources.tmall import _TRADES
from quanyu.sources.tmall import client as tmall_client
from quanyu.top import Top
from quanyu.transport import Http

START = datetime(2026, 10, 1, 8, tzinfo=SHANGHAI)
HOUR, NIGHTS, PAGE = 3600, 3, 3
HISTORIES, CHUNK = 10_000, 500
SEEDS = [range(first, first + CHUNK) for first in range(0, HISTORIES // 2, CHUNK)]
WHERE = Connection(
    name="moving", url="http://moving.invalid", login="1", password="s", extra={"session": "t", "access_token": "t"}
)

Read = set[tuple[str, int]]
"""(id, second of its change) as rows told it."""


@dataclass
class Moving:
    """The platform: id -> second of the last change, counted from START; `now` is later than all of them."""

    seed: int
    rows: dict[str, int] = field(default_factory=dict)
    now: int = 0
    is_calm: bool = False

    def __post_init__(self) -> None:
        self._dice = random.Random(f"history {self.seed}")
        self._numbers = count(1)
        # Few different seconds: many rows change at once, some exactly where two windows meet.
        seconds = [*(self._dice.randrange(HOUR) for _ in range(5)), 0, HOUR // 2, HOUR]
        for _ in range(self._dice.randint(4, 14)):
            self.rows[str(next(self._numbers))] = self._dice.choice(seconds)

    def live_until(self, now: int) -> None:
        """Between two nights rows change and come, whenever they do."""
        for _ in range(self._dice.randint(0, 4)):
            self._change(self._dice.randint(self.now, now - 1))
        self.now = now

    def answer(self, start: int, end: int, number: int, size: int) -> tuple[list[tuple[str, int]], int]:
        """A page of the rows that changed in the window, both ends included, newest first; and their total."""
        found = sorted(((at, name) for name, at in self.rows.items() if start <= at <= end), reverse=True)
        page = [(name, at) for at, name in found[(number - 1) * size : number * size]]
        if not self.is_calm:
            self.now += self._dice.randint(0, 20)
            for _ in range(self._dice.choice((0, 0, 1, 1, 2))):
                self._change(self.now)
        return page, len(found)

    def _change(self, at: int) -> None:
        """Most often a row that is there changes, else a new one comes."""
        name = self._dice.choice(list(self.rows)) if self._dice.random() < 0.8 else str(next(self._numbers))
        self.rows[name] = max(at, self.rows.get(name, 0))


class MovingTop(Top):
    """The real client over a moving shop."""

    def __init__(self, http: Http, moving: Moving) -> None:
        super().__init__(http, WHERE)
        self._moving = moving

    def call(self, method: str, parameters: Mapping[str, str]) -> Record:
        window = (_second(datetime.fromisoformat(parameters[name])) for name in ("start_modified", "end_modified"))
        rows, total = self._moving.answer(*window, int(parameters["page_no"]), int(parameters["page_size"]))
        listed = {"trades": {"trade": [{"tid": name, "modified": _text(at)} for name, at in rows]}} if rows else {}
        return {**listed, **({"has_next": True} if parameters["use_has_next"] == "true" else {"total_results": total})}

    def night(self, window: Window) -> Iterator[Page]:
        return tmall_client.changed_rows(self, "tmall.trades", _TRADES, window)

    def page(self, window: Window, number: int) -> Sequence[Record]:
        return tmall_client._page(self, _TRADES, window, number)


class MovingPdd(pdd_client.Pinduoduo):
    """The real client over a moving shop."""

    def __init__(self, http: Http, moving: Moving) -> None:
        super().__init__(http, WHERE)
        self._moving = moving

    def call(self, type_: str, answer: str, asked: Mapping[str, str]) -> Record:
        window = (int(asked[name]) - int(START.timestamp()) for name in ("start_updated_at", "end_updated_at"))
        rows, total = self._moving.answer(*window, int(asked["page"]), int(asked["page_size"]))
        listed = [{"order_sn": name, "updated_at": _text(at)} for name, at in rows]
        counted = {"has_next": True} if asked["use_has_next"] == "true" else {"total_count": total}
        return {"order_sn_list": listed, **counted}

    def night(self, window: Window) -> Iterator[Page]:
        return self.changed_rows("pinduoduo.orders", _ORDERS, window)

    def page(self, window: Window, number: int) -> Sequence[Record]:
        return self._page(_ORDERS, window, number)


CLIENTS = [pytest.param(MovingTop, id="TOP"), pytest.param(MovingPdd, id="Pinduoduo")]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three rows a page, and seven in a window before it is halved."""
    for client in (tmall_client, pdd_client):
        monkeypatch.setattr(client, "_PAGE_SIZE", PAGE)
        monkeypatch.setattr(client, "_MOST_ROWS", 7)
        monkeypatch.setattr(client, "_SHORTEST_WINDOW", timedelta(minutes=10))


@pytest.fixture(scope="module")
def http() -> Iterator[Http]:
    """What the clients hold and never use."""
    with Http(WHERE.url) as opened:
        yield opened


@pytest.mark.parametrize("seeds", SEEDS, ids=lambda seeds: f"seeds {seeds[0]}-{seeds[-1]}")
@pytest.mark.parametrize("kind", CLIENTS)
def test_a_moving_source_loses_nothing(http: Http, kind: type[Any], seeds: range) -> None:
    """A row of the hour is read, or left it and is read where it went; in the end every last change was read."""
    for seed in seeds:
        moving = Moving(seed)
        there, read = lived(moving, kind(http, moving).night)
        for night, rows in enumerate(there):
            found = {name for seen in read[night:] for name, _ in seen}
            gone = {name for name in rows if moving.rows[name] >= NIGHTS * HOUR}
            assert rows <= found | gone, f"seed {seed}, night {night}: lost {rows - found - gone}"
        missing = last_changes(moving) - set().union(*read)
        assert not missing, f"seed {seed}: never read as they are now: {missing}"


@pytest.mark.parametrize("kind", CLIENTS)
def test_the_same_histories_lose_rows_when_they_are_read_forward(http: Http, kind: type[Any]) -> None:
    """Proves that the test above can fail: page 1, 2, 3 ... skips what moved towards page 1 meanwhile."""
    losing = 0
    for seed in SEEDS[0]:
        moving = Moving(seed)
        _, read = lived(moving, partial(forward, kind(http, moving).page))
        losing += bool(last_changes(moving) - set().union(*read))
    assert losing > len(SEEDS[0]) / 20


@pytest.mark.parametrize("kind", CLIENTS)
def test_the_histories_do_what_they_are_for(http: Http, kind: type[Any]) -> None:
    """Rows leave while they are read, new ones come, windows are halved, and pages are several."""
    pages: set[int] = set()
    spans: set[int] = set()
    moved = come = 0
    for seed in SEEDS[0]:
        moving = Moving(seed)
        before = dict(moving.rows)
        _watch(moving, pages, spans)
        lived(moving, kind(http, moving).night)
        moved += any(moving.rows[name] != at for name, at in before.items())
        come += len(moving.rows) > len(before)
    assert max(pages) >= 4
    assert len(spans) >= 2
    assert moved > len(SEEDS[0]) / 2
    assert come > len(SEEDS[0]) / 2


def lived(moving: Moving, night: Callable[[Window], Iterator[Page]]) -> tuple[list[set[str]], list[Read]]:
    """Let the nights pass: the ids that were in each hour when its reading began, and what the reading brought."""
    there: list[set[str]] = []
    read: list[Read] = []
    for number in range(NIGHTS):
        first, last = number * HOUR, (number + 1) * HOUR
        moving.live_until(last + 300)
        moving.is_calm = number == NIGHTS - 1
        there.append({name for name, at in moving.rows.items() if first <= at < last})
        window = Window(START + timedelta(seconds=first), START + timedelta(seconds=last))
        rows = [row for page in night(window) for row in page.records]
        read.append({told(row) for row in rows})
        assert len(read[-1]) == len(rows), f"seed {moving.seed}: a change came twice"
        assert moving.now < last + HOUR, "the history outran its next night"
    return there, read


def last_changes(moving: Moving) -> Read:
    """Every row as it is in the end, but for what changed after the last hour."""
    return {(name, at) for name, at in moving.rows.items() if at < NIGHTS * HOUR}


def forward(page: Callable[[Window, int], Sequence[Record]], window: Window) -> Iterator[Page]:
    """What everybody writes first."""
    seen: Read = set()
    for part in window.split(timedelta(minutes=30)):
        for number in count(1):
            rows = page(part, number)
            fresh = [row for row in rows if told(row) not in seen and told(row)[1] < _second(part.end)]
            seen.update(map(told, fresh))
            yield Page(fresh)
            if len(rows) < PAGE:
                break


def told(row: Record) -> tuple[str, int]:
    changed = row.get("modified") or row.get("updated_at")
    return str(row.get("tid") or row.get("order_sn")), _second(datetime.fromisoformat(str(changed)))


def _watch(moving: Moving, pages: set[int], spans: set[int]) -> None:
    """Note which pages of which spans are asked for."""
    answer = moving.answer

    def noted(start: int, end: int, number: int, size: int) -> tuple[list[tuple[str, int]], int]:
        pages.add(number)
        spans.add(end - start)
        return answer(start, end, number, size)

    moving.answer = noted  # type: ignore[method-assign]


def _second(at: datetime) -> int:
    return int((at if at.tzinfo else at.replace(tzinfo=SHANGHAI)).timestamp() - START.timestamp())


@cache
def _text(second: int) -> str:
    return f"{START + timedelta(seconds=second):%Y-%m-%d %H:%M:%S}"


# --- what backward refuses


def listing(first: Callable[[Window], tuple[Sequence[Record], int]], **changes: Any) -> Shifting:
    given: dict[str, Any] = {
        "first": first,
        "page": lambda *_: [],
        "size": 3,
        "key": "id",
        "changed": wall_clock("at"),
        "longest": timedelta(days=1),
        "shortest": timedelta(minutes=1),
        "most": 100,
    }
    return Shifting(**{**given, **changes})


HOURS = Window(START, START + timedelta(hours=1))


def test_a_page_that_is_shorter_than_its_total_is_no_empty_window() -> None:
    """Half an answer must not look like nothing to read; the place names the window."""
    with pytest.raises(Retryable, match=r"shop.orders 2026-10-01 08:00: 0 rows on page 1 of 2"):
        list(backward("shop.orders", listing(lambda _: ([], 2)), HOURS))


def test_parts_begin_and_end_on_whole_seconds() -> None:
    """Platforms know no fractions: a part that ended on one would share its last second with the next."""
    parts: list[Window] = []

    def first(part: Window) -> tuple[Sequence[Record], int]:
        parts.append(part)
        return [{"id": 1}] * 3, 1000

    seven = Window(START, START + timedelta(seconds=7))
    list(backward("shop.orders", listing(first, shortest=timedelta(seconds=1)), seven))
    assert {part.start.microsecond + part.end.microsecond for part in parts} == {0}
    whole = sorted((part for part in parts if part.end - part.start == timedelta(seconds=1)), key=lambda p: p.start)
    assert [(part.start - START).seconds for part in whole] == list(range(7))


@pytest.mark.parametrize("row", [{}, {"at": None}, {"at": "soon"}, {"at": 7}, {"at": "1551612204"}])
def test_a_row_without_a_change_time_is_kept_for_the_gate(row: Record) -> None:
    given = {"id": 1, **row}
    assert list(backward("shop.orders", listing(lambda _: ([given], 1)), HOURS)) == [[given]]


def test_a_wall_clock_is_chinas() -> None:
    assert wall_clock("at")({"at": "2026-10-01 08:00:00"}) == datetime(2026, 10, 1, tzinfo=UTC)
