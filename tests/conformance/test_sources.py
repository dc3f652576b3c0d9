"""One contract for every source: what it must bring, survive and say, against the sandbox's platforms.

A source that is added is tested here without an edit: `tests/truth/<name>.py` says what its entities must bring.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import paramiko
import pytest

from quanyu import discovery, sources, top
from quanyu.contracts import Connection, Entity, Mode, Page, Record, Source, Window
from quanyu.errors import (
    ConfigurationError,
    NeedsPerson,
    NotReady,
    QuanyuError,
    Rejected,
    Retryable,
    SchemaDrift,
    Throttled,
)
from quanyu.outbox import Drop
from quanyu.sources.store.files import Kind, records
from quanyu.sources.tmall import client as tmall_client
from tests.fixtures.source_server import Reply, says, scripted
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox
from tests.truth import truths, wires

DAY = date(2026, 11, 20)
HISTORY = Window.of_days(DAY - timedelta(days=30), DAY)
DAYS = Window.of_days(DAY - timedelta(days=3), DAY)
TODAY = Window.of_days(DAY, DAY)

TRUTH, WIRES = truths(), wires()
# A source without a truth fails the first test, by name, and no other.
FOUND = {name: source for name, source in discovery.sources().items() if name in WIRES}
ENTITIES = [pytest.param(s, e, id=f"{s.name}.{e.name}") for s in FOUND.values() for e in s.entities]
OVER_HTTP = [
    pytest.param(s, e, id=f"{s.name}.{e.name}")
    for s in FOUND.values()
    for e in s.entities
    if WIRES[s.name].speaks == "http"
]
WITH_TOKEN = [case for case in OVER_HTTP if WIRES[case.values[0].name].token != "none"]
DRIFTING = [
    pytest.param(s, e, id=f"{s.name}.{e.name}")
    for s in FOUND.values()
    for e in s.entities
    if WIRES[s.name].drifts and e.name not in WIRES[s.name].bare
]
SOURCES = [pytest.param(source, id=source.name) for source in FOUND.values()]


@dataclass
class Reading:
    """One sandbox, read through the real clients; nobody sleeps."""

    sandbox: Sandbox
    waits: list[float] = field(default_factory=list)
    _seen: dict[str, int] = field(default_factory=dict)

    def pages(self, source: Source, entity: Entity, window: Window, where: Connection | None = None) -> list[Page]:
        where = where or self.sandbox.connection(source.name)
        with source.connect(where, sleep=self.waits.append) as client:
            return list(entity.read(client, window))

    def rows(self, source: Source, entity: Entity, window: Window, where: Connection | None = None) -> list[Record]:
        return [row for page in self.pages(source, entity, window, where) for row in page.records]

    def pages_before_death(self, source: Source, entity: Entity) -> int:
        """How many calls a day of the entity takes on another sandbox of the same world."""
        with running_sandbox(people=40, seed=11, business_date=DAY) as sandbox:
            other = Reading(sandbox)
            other.pages(source, entity, TODAY)
            return other.calls(source)

    def calls(self, source: Source) -> int:
        """How many calls the platform saw since this was last asked."""
        seen = len(self.sandbox.journal(source.name))
        new, self._seen[source.name] = seen - self._seen.get(source.name, 0), seen
        return new

    def failure(self, source: Source, entity: Entity, where: Connection | None = None) -> QuanyuError:
        """The error of a reading; it names the place and holds neither a secret nor anybody's data."""
        with pytest.raises(QuanyuError) as caught:
            self.rows(source, entity, TODAY, where)
        text = str(caught.value) + repr(caught.value)
        assert str(caught.value).startswith(f"{source.name}.{entity.name} {DAY}")
        for secret in self._secrets(source) | ({where.password} if where else set()):
            assert secret not in text
        for person in self.sandbox.world.people:
            assert not [phone for phone in person.phones if phone in text]
            assert person.name not in text
        return caught.value

    def _secrets(self, source: Source) -> set[str]:
        where = self.sandbox.connection(source.name)
        hidden = {
            str(where.extra.get(name, "")) for name in ("session", "access_token", "refresh_token", "private_key")
        }
        return {secret for secret in {where.password, *hidden} if secret}


@pytest.fixture(scope="module")
def company() -> Iterator[Sandbox]:
    with running_sandbox(people=60, seed=11, business_date=DAY) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def next_night() -> Iterator[Reading]:
    """The same company one day later."""
    with running_sandbox(people=60, seed=11, business_date=DAY) as sandbox:
        sandbox.advance_to(DAY + timedelta(days=1))
        yield Reading(sandbox)


@pytest.fixture
def reading(company: Sandbox) -> Iterator[Reading]:
    """The shared sandbox, healthy again after each test."""
    yield Reading(company)
    company.clear()


@pytest.fixture
def fresh() -> Iterator[Reading]:
    """A sandbox of one's own, for what cannot be undone."""
    with running_sandbox(people=40, seed=11, business_date=DAY) as sandbox:
        yield Reading(sandbox)


def test_every_entity_has_a_truth_to_be_compared_with() -> None:
    missing = sorted(set(discovery.sources()) - set(WIRES))
    assert not missing, f"write tests/truth/<name>.py and tests/sandbox/<name>.py for {', '.join(missing)}"
    assert {f"{s.name}.{e.name}" for s in FOUND.values() for e in s.entities} == set(TRUTH)


# --- what a source brings


@pytest.mark.parametrize(("source", "entity"), ENTITIES)
@pytest.mark.parametrize("window", [HISTORY, TODAY], ids=["first night", "one day"])
def test_a_reading_brings_exactly_what_happened(
    reading: Reading, source: Source, entity: Entity, window: Window
) -> None:
    """No row too many, none missing, none twice, and the facts of each are right."""
    truth = TRUTH[f"{source.name}.{entity.name}"]
    rows = reading.rows(source, entity, window)
    told = {key_of(entity, row): truth.told(row) for row in rows}
    assert told == truth.happened(reading.sandbox.world, window, reading.sandbox.clock.end)
    assert len(told) == len(rows)
    assert rows or window == TODAY


@pytest.mark.parametrize(("source", "entity"), ENTITIES)
def test_the_next_night_brings_what_came_late_too(next_night: Reading, source: Source, entity: Entity) -> None:
    """The days that are read again show what tills uploaded late and what changed since."""
    window = Window.of_days(DAY - timedelta(days=entity.reread_days - 1), DAY + timedelta(days=1))
    truth = TRUTH[f"{source.name}.{entity.name}"]
    told = {key_of(entity, row): truth.told(row) for row in next_night.rows(source, entity, window)}
    assert told == truth.happened(next_night.sandbox.world, window, next_night.sandbox.clock.end)


@pytest.mark.parametrize(("source", "entity"), ENTITIES)
def test_adjacent_windows_neither_overlap_nor_leave_a_gap(reading: Reading, source: Source, entity: Entity) -> None:
    """Day by day brings the same rows as all at once; a snapshot is the same on any day."""
    whole = keys_of(entity, reading.rows(source, entity, HISTORY))
    with source.connect(reading.sandbox.connection(source.name), sleep=reading.waits.append) as client:
        days = [
            keys_of(entity, [row for page in entity.read(client, Window.of_days(day, day)) for row in page.records])
            for day in HISTORY.days()
        ]
    if entity.mode is Mode.SNAPSHOT:
        assert all(keys == whole for keys in days)
    else:
        assert sorted(key for keys in days for key in keys) == whole


@pytest.mark.parametrize("entity", [e for e in FOUND["tmall"].entities if e.version], ids=lambda e: e.name)
def test_a_window_that_ends_at_a_change_leaves_that_change_to_the_next(reading: Reading, entity: Entity) -> None:
    """TOP includes both ends of a window; ours exclude the end."""
    world, end = reading.sandbox.world, reading.sandbox.clock.end
    changed = {
        "trades": [trade.modified(end) for trade in world.trades if trade.created_at < end],
        "refunds": [refund.modified(end) for refund in world.refunds if refund.moments[0][0] < end],
    }[entity.name]
    at = sorted(moment for moment in changed if HISTORY.start < moment < HISTORY.end)[len(changed) // 3]
    before = keys_of(entity, reading.rows(FOUND["tmall"], entity, Window(at - timedelta(hours=20), at)))
    after = keys_of(entity, reading.rows(FOUND["tmall"], entity, Window(at, at + timedelta(hours=20))))
    assert not [key for key in before if key.endswith(f"{at:%Y-%m-%d %H:%M:%S}")]
    assert [key for key in after if key.endswith(f"{at:%Y-%m-%d %H:%M:%S}")]


@pytest.mark.parametrize(("source", "entity"), ENTITIES)
def test_reading_again_brings_the_same_pages(reading: Reading, source: Source, entity: Entity) -> None:
    assert reading.pages(source, entity, TODAY) == reading.pages(source, entity, TODAY)


@pytest.mark.parametrize(("source", "entity"), ENTITIES)
def test_records_have_the_declared_fields_keys_and_nothing_undeclared(
    reading: Reading, source: Source, entity: Entity
) -> None:
    """Every required field is there with its type, every optional one has its type, no field is a surprise."""
    rows = reading.rows(source, entity, HISTORY)
    for row in rows:
        assert all(part for part in key_of(entity, row).split("|"))
        for path, kind in entity.fields.items():
            values = list(walk(row, path.split(".")))
            assert values or kind.endswith("?"), f"{path} is missing"
            for value in values:
                assert has_type(value, kind), f"{path} is {type(value).__name__}, declared {kind}"
        assert not set(leaves(row)) - {path.removesuffix("[]") for path in entity.fields}


@pytest.mark.parametrize(("source", "entity"), ENTITIES)
def test_pages_carry_their_day_when_the_entity_is_daily(reading: Reading, source: Source, entity: Entity) -> None:
    """Each day of the window has a page, also a day without rows: its rows of before were withdrawn."""
    days = [page.day for page in reading.pages(source, entity, HISTORY)]
    if entity.mode is Mode.DAILY:
        assert list(dict.fromkeys(days)) == list(HISTORY.days())
    else:
        assert set(days) <= {None}


# --- what a source survives


@pytest.mark.parametrize(("source", "entity"), OVER_HTTP)
@pytest.mark.parametrize("after", [0, 1], ids=["at once", "mid-crawl"])
@pytest.mark.parametrize("kind", ["throttle", "http_500", "truncated", "html", "reset"])
def test_a_passing_fault_loses_nothing(reading: Reading, source: Source, entity: Entity, kind: str, after: int) -> None:
    """In the platform's own words or in none: after it, all rows are there, for two calls more."""
    reading.calls(source)
    calm = reading.pages(source, entity, DAYS)
    calls = reading.calls(source)
    reading.sandbox.fault(source.name, kind, times=2, after=after)
    assert reading.pages(source, entity, DAYS) == calm
    # What one call brings has no middle.
    assert reading.calls(source) == calls + (2 if calls > after else 0)


@pytest.mark.parametrize("entity", FOUND["store"].entities, ids=lambda entity: entity.name)
def test_a_session_that_breaks_is_opened_again(reading: Reading, entity: Entity) -> None:
    calm = reading.pages(FOUND["store"], entity, TODAY)
    reading.sandbox.fault("store", "reset", times=2, match="csv")
    assert reading.pages(FOUND["store"], entity, TODAY) == calm
    assert len(reading.waits) >= 2


@pytest.mark.parametrize(("source", "entity"), OVER_HTTP)
@pytest.mark.parametrize("kind", ["throttle", "http_500", "truncated", "html", "reset"])
def test_a_lasting_fault_ends_as_retryable(reading: Reading, source: Source, entity: Entity, kind: str) -> None:
    """Never as an end of the data, and after a bounded number of calls."""
    reading.calls(source)
    reading.sandbox.fault(source.name, kind, times=10_000)
    error = reading.failure(source, entity)
    assert isinstance(error, Retryable)
    assert error.remedy
    assert reading.calls(source) < 12


@pytest.mark.parametrize(("source", "entity"), ENTITIES)
def test_a_platform_that_is_down_all_night_ends_as_retryable(reading: Reading, source: Source, entity: Entity) -> None:
    reading.sandbox.fault(source.name, "down")
    error = reading.failure(source, entity)
    assert isinstance(error, Retryable)
    assert error.remedy
    assert len(reading.waits) < 12


@pytest.mark.parametrize(("source", "entity"), WITH_TOKEN)
@pytest.mark.parametrize("after", [0, 1], ids=["at once", "mid-run"])
def test_an_expired_token_is_renewed_once_or_asks_for_a_person(
    fresh: Reading, source: Source, entity: Entity, after: int
) -> None:
    """WeChat's tokens renew themselves; a seller's authorisation does not. In the middle of a run as at its start."""
    calm = fresh.pages(source, entity, TODAY)
    fresh.sandbox.fault(source.name, "token_expired", times=1, after=after)
    if WIRES[source.name].token == "renews":
        assert fresh.pages(source, entity, TODAY) == calm
    elif after == 0 or fresh.pages_before_death(source, entity) > 1:
        error = fresh.failure(source, entity)
        assert isinstance(error, NeedsPerson)
        assert "authorise" in error.remedy


@pytest.mark.parametrize(("source", "entity"), ENTITIES)
def test_wrong_credentials_are_not_tried_again_and_again(reading: Reading, source: Source, entity: Entity) -> None:
    """One call; a second one where a refused access token is worth a refresh, which the wrong secret ends."""
    reading.calls(source)
    where = wrong(reading.sandbox.connection(source.name))
    error = reading.failure(source, entity, where)
    assert isinstance(error, NeedsPerson | Rejected)
    assert error.remedy
    assert reading.calls(source) <= (2 if "refresh_token" in where.extra else 1)


@pytest.mark.parametrize("source", SOURCES)
def test_an_incomplete_connection_is_named_before_any_call(reading: Reading, source: Source) -> None:
    where = reading.sandbox.connection(source.name)
    reading.calls(source)
    with pytest.raises(ConfigurationError) as error, source.connect(replace(where, login="", password="", extra={})):
        pass
    assert error.value.remedy
    assert reading.calls(source) == 0


# --- Tmall


def test_an_order_that_changes_while_we_read_costs_no_other_order(
    fresh: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows move towards page 1 while we read: last to first repeats rows, first to last would skip one."""
    monkeypatch.setattr(tmall_client, "_PAGE_SIZE", 1)
    source, trades = FOUND["tmall"], FOUND["tmall"].entities[0]
    day = max(HISTORY.days(), key=lambda day: len(_happened(fresh, Window.of_days(day, day))))
    window = Window.of_days(day, day)
    there = set(_happened(fresh, window))
    assert len(there) > 2, "the window needs three pages"
    fresh.sandbox.fault("tmall", "shift", times=1, after=2)
    read = set(keys_of(trades, fresh.rows(source, trades, window)))
    assert read >= set(_happened(fresh, window))
    touched = {key.split("|")[0] for key in there - set(_happened(fresh, window))}
    assert len(touched) == 1
    next_day = keys_of(trades, fresh.rows(source, trades, Window.of_days(day + timedelta(days=1), DAY)))
    assert touched <= {key.split("|")[0] for key in next_day}


def test_the_shift_is_real_paging_forward_does_lose_an_order(fresh: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves that the test above can fail."""
    monkeypatch.setattr(tmall_client, "_PAGE_SIZE", 1)
    day = max(HISTORY.days(), key=lambda day: len(_happened(fresh, Window.of_days(day, day))))
    window = Window.of_days(day, day)
    fresh.sandbox.fault("tmall", "shift", times=1, after=1)
    tids: set[str] = set()
    with FOUND["tmall"].connect(fresh.sandbox.connection("tmall")) as client:
        from quanyu.sources.tmall import _TRADES

        for number in range(1, 20):
            tids |= {str(row["tid"]) for row in tmall_client._page(client, _TRADES, window, number)}
    assert {key.split("|")[0] for key in _happened(fresh, window)} - tids


def test_a_window_with_many_rows_is_halved(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small windows shift less; the rows are the same."""
    source, trades = FOUND["tmall"], FOUND["tmall"].entities[0]
    reading.calls(source)
    whole = reading.rows(source, trades, HISTORY)
    calls = reading.calls(source)
    monkeypatch.setattr(tmall_client, "_MOST_ROWS", 2)
    halved = reading.rows(source, trades, HISTORY)
    assert keys_of(trades, halved) == keys_of(trades, whole)
    assert reading.calls(source) >= calls + 2


@pytest.mark.parametrize("method", ["md5", "hmac", "hmac-sha256"])
def test_every_signature_method_is_accepted(reading: Reading, method: str) -> None:
    where = reading.sandbox.connection("tmall")
    source, trades = FOUND["tmall"], FOUND["tmall"].entities[0]
    signed = replace(where, extra={**where.extra, "sign_method": method})
    assert reading.rows(source, trades, TODAY, signed) == reading.rows(source, trades, TODAY)


@pytest.mark.parametrize("entity", FOUND["tmall"].entities, ids=lambda entity: entity.name)
def test_the_platforms_own_trouble_is_outlived(reading: Reading, entity: Entity) -> None:
    """`isp.*` in a body with HTTP 200."""
    calm = reading.pages(FOUND["tmall"], entity, TODAY)
    reading.sandbox.fault("tmall", "isp_error", times=2)
    assert reading.pages(FOUND["tmall"], entity, TODAY) == calm


def test_a_ban_is_waited_for_as_long_as_top_says(reading: Reading) -> None:
    """ "This ban will last for 2 more seconds": three seconds, not less."""
    reading.sandbox.fault("tmall", "throttle", times=1)
    reading.rows(FOUND["tmall"], FOUND["tmall"].entities[0], TODAY)
    assert any(2 < wait <= 3 for wait in reading.waits)


@pytest.mark.parametrize(
    ("code", "sub_code", "sub_msg", "expected"),
    [
        (7, "accesscontrol.limited-by-app-access-count", "This ban will last for 2 more seconds", Throttled),
        (7, "accesscontrol.limited-by-api-access-count", "This ban will last for 80000 seconds", Throttled),
        (15, "isp.call-limited", "", Throttled),
        (15, "isp.remote-service-timeout", "", Retryable),
        (10, "", "", Retryable),
        (15, "isv.invalid-parameter", "", Rejected),
        (40, "isv.missing-parameter", "", Rejected),
        (25, "", "", Rejected),
        (31, "", "", Rejected),
        (27, "session-expired", "", NeedsPerson),
        (11, "isv.permission-api-package-empty", "", NeedsPerson),
        (13, "isv.permission-ip-whitelist-limit", "", NeedsPerson),
    ],
)
def test_tops_codes_say_what_to_do(code: int, sub_code: str, sub_msg: str, expected: type[QuanyuError]) -> None:
    """`isp.*` is the platform's own trouble, `isv.*` ours; a limit is never the end of the data."""
    error = top.error_of("m", {"code": code, "msg": "x", "sub_code": sub_code, "sub_msg": sub_msg})
    assert type(error) is expected
    if isinstance(error, Throttled) and "last for" in sub_msg:
        assert error.until is not None


def test_a_ban_for_the_rest_of_the_day_ends_the_reading(reading: Reading) -> None:
    """Nobody sleeps for a day: the task fails and says until when."""
    ban = {
        "code": 7,
        "msg": "App Call Limited",
        "sub_code": "accesscontrol.limited-by-app-access-count",
        "sub_msg": "This ban will last for 40000 more seconds",
    }
    with scripted(says({"error_response": ban})) as server:
        where = replace(reading.sandbox.connection("tmall"), url=server.url)
        error = reading.failure(FOUND["tmall"], FOUND["tmall"].entities[0], where)
        assert len(server.calls) == 1
    assert isinstance(error, Throttled)
    assert error.until is not None


# --- answers the sandbox does not give


_TOKEN = says({"errcode": 0, "access_token": "t", "expires_in": 7200})
_PARTIAL = [
    pytest.param(
        "official_account",
        [_TOKEN, says({"total": 3, "count": 2, "data": {"openid": ["a", "b"]}, "next_openid": ""})],
        Retryable,
        id="followers: the list ends early",
    ),
    pytest.param(
        "official_account",
        [_TOKEN, says({"total": 2, "count": 2, "data": {"openid": ["a"]}, "next_openid": ""})],
        Retryable,
        id="followers: a page is shorter than it says",
    ),
    pytest.param(
        "official_account",
        [
            _TOKEN,
            says({"total": 2, "count": 2, "data": {"openid": ["a", "b"]}, "next_openid": ""}),
            says({"user_info_list": [{"subscribe": 1, "openid": "a"}]}),
        ],
        Retryable,
        id="followers: one asked for is missing",
    ),
    pytest.param("wecom", [_TOKEN, says({"errcode": 0, "follow_user": []})], NeedsPerson, id="contacts: no staff"),
    pytest.param(
        "wecom",
        [
            _TOKEN,
            says({"errcode": 0, "follow_user": ["w1", "w2"]}),
            says({"errcode": 0, "external_contact_list": [], "fail_info": {"unlicensed_userid_list": ["w2"]}}),
        ],
        NeedsPerson,
        id="contacts: staff without licence",
    ),
    pytest.param(
        "wecom",
        [
            _TOKEN,
            says({"errcode": 0, "follow_user": ["w1"]}),
            says({"errcode": 0, "external_contact_list": [], "next_cursor": "c"}),
        ],
        Retryable,
        id="contacts: the cursor does not move",
    ),
    pytest.param(
        "xiaohongshu",
        [says({"code": 0, "success": True, "data": {"total_count": 600, "data_list": []}})],
        Retryable,
        id="report: an empty page before the end",
    ),
    pytest.param(
        "tmall", [says({"trades_sold_increment_get_response": {"has_next": False}})], Retryable, id="trades: no total"
    ),
    pytest.param("tmall", [says({"request_id": "r"})], Retryable, id="trades: no envelope"),
]


@pytest.mark.parametrize(("name", "replies", "expected"), _PARTIAL)
def test_a_partial_view_is_an_error_and_not_a_wave_of_people_who_left(
    reading: Reading, name: str, replies: list[Reply], expected: type[QuanyuError]
) -> None:
    """A snapshot's absent rows count as deleted, so a list must be whole to be believed."""
    source = FOUND[name]
    with scripted(*replies) as server:
        where = replace(reading.sandbox.connection(name), url=server.url)
        error = reading.failure(source, source.entities[0], where)
    assert isinstance(error, expected)


@pytest.mark.parametrize("spelling", ["message", "msg"])
@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("access_token is expired", NeedsPerson),
        ("请求过于频繁", Retryable),
        ("系统繁忙，请稍后重试", Retryable),
        ("no permission for this advertiser", Rejected),
    ],
)
def test_xiaohongshus_words_decide_in_either_spelling(
    reading: Reading, spelling: str, said: str, expected: type[QuanyuError]
) -> None:
    """The platform publishes no table of codes."""
    source = FOUND["xiaohongshu"]
    with scripted(says({"success": False, "code": 4711, spelling: said, "data": None})) as server:
        where = replace(reading.sandbox.connection("xiaohongshu"), url=server.url)
        error = reading.failure(source, source.entities[0], where)
    assert isinstance(error, expected)
    assert "4711" in str(error)


def test_portraits_of_customers_are_not_read(reading: Reading) -> None:
    source = FOUND["wecom"]
    assert all("avatar" not in row["external_contact"] for row in reading.rows(source, source.entities[0], TODAY))


# --- stores


@pytest.fixture
def receipts() -> Entity:
    return FOUND["store"].entities[0]


def test_a_file_without_done_is_not_ready(reading: Reading, receipts: Entity) -> None:
    reading.sandbox.fault("store", "no_done", match=f"RECEIPTS_S02_{DAY:%Y%m%d}_1")
    error = reading.failure(FOUND["store"], receipts)
    assert isinstance(error, NotReady)
    assert f"RECEIPTS_S02_{DAY:%Y%m%d}_1.csv" in str(error)
    reading.sandbox.clear("store")
    assert reading.rows(FOUND["store"], receipts, TODAY), "once it is there, the file is read"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("wrong_md5", "0" * 32),
        ("truncated", "bytes, its .done says"),
        ("empty_file", "is empty"),
        ("missing_column", "lacks"),
    ],
)
def test_a_file_that_is_not_the_announced_one_is_refused_by_name(
    reading: Reading, receipts: Entity, kind: str, words: str
) -> None:
    name = f"RECEIPTS_S03_{DAY:%Y%m%d}_1"
    reading.sandbox.fault("store", kind, match=name)
    error = reading.failure(FOUND["store"], receipts)
    assert isinstance(error, Rejected)
    assert isinstance(error, SchemaDrift) == (kind == "missing_column")
    assert name in str(error)
    assert words in str(error)
    assert error.remedy


def test_a_file_that_was_sent_again_under_the_next_number_replaces_the_broken_one(
    fresh: Reading, receipts: Entity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Broken files stay where they are for ever; the next number makes them harmless."""
    store: Any = fresh.sandbox.platforms["store"]
    calm = fresh.rows(FOUND["store"], receipts, TODAY)
    name = f"RECEIPTS_S03_{DAY:%Y%m%d}_1.csv"
    drops = store.drops()
    again = replace(drops[name], name=name.replace("_1.csv", "_2.csv"))
    monkeypatch.setattr(store, "drops", lambda: {**drops, again.name: again})
    fresh.sandbox.fault("store", "wrong_md5", match=name)
    assert keys_of(receipts, fresh.rows(FOUND["store"], receipts, TODAY)) == keys_of(receipts, calm)


def test_a_later_number_corrects_rows_and_keeps_the_others(
    fresh: Reading, receipts: Entity, monkeypatch: pytest.MonkeyPatch
) -> None:
    store: Any = fresh.sandbox.platforms["store"]
    drops = store.drops()
    name, drop = next(
        (name, drop) for name, drop in sorted(drops.items()) if name.startswith("RECEIPTS") and len(drop.rows) > 1
    )
    amount = drop.header.index("amount")
    corrected = (*drop.rows[0][:amount], "0.01", *drop.rows[0][amount + 1 :])
    again = replace(drop, name=name.replace("_1.csv", "_10.csv"), rows=(corrected,))
    monkeypatch.setattr(store, "drops", lambda: {**drops, again.name: again})
    rows = [row for row in fresh.rows(FOUND["store"], receipts, HISTORY) if row["store_code"] == drop.rows[0][0]]
    by_key = {key_of(receipts, row): row["amount"] for row in rows}
    assert by_key["|".join(drop.rows[0][:3])] == "0.01"
    assert by_key["|".join(drop.rows[1][:3])] == drop.rows[1][amount]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_names_read_the_same_in_every_encoding_that_stores_use(
    reading: Reading, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    store: Any = reading.sandbox.platforms["store"]
    members = FOUND["store"].entities[1]
    calm = reading.rows(FOUND["store"], members, HISTORY)
    assert any(not row["name"].isascii() for row in calm)
    drops = {name: replace(drop, encoding=encoding) for name, drop in store.drops().items()}
    monkeypatch.setattr(store, "drops", lambda: drops)
    assert reading.rows(FOUND["store"], members, HISTORY) == calm


def test_a_file_in_another_encoding_is_refused_by_name(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    """Better no rows than rows with letters that nobody wrote."""
    store: Any = reading.sandbox.platforms["store"]
    drops = {
        name: replace(drop, encoding="utf-16", rows=(drop.rows[0],))
        if name.startswith("MEMBERS") and drop.rows
        else drop
        for name, drop in store.drops().items()
    }
    monkeypatch.setattr(store, "drops", lambda: drops)
    with pytest.raises(Rejected, match=r"MEMBERS_.*neither UTF-8 nor GB18030"):
        reading.rows(FOUND["store"], FOUND["store"].entities[1], HISTORY)


@pytest.mark.parametrize(
    ("text", "rows", "words"),
    [
        ("visit_id,phone\nv1,13912345678,x\n", 1, "line 2 has 3 of 2 columns"),
        ("visit_id,phone\nv1\n", 1, "line 2 has 1 of 2 columns"),
        ('visit_id,phone\nv1,"13912345678\n', 1, "line 2"),
        ("visit_id,phone\nv1,13912345678\n", 2, "1 rows, its .done says 2"),
        ("visit_id,phone,phone\nv1,13912345678,1\n", 1, "twice"),
        ("visit_id\nv1\n", 1, "lacks the column phone"),
    ],
)
def test_a_file_that_does_not_hold_together_is_refused_without_quoting_it(text: str, rows: int, words: str) -> None:
    kind = Kind(
        entity="v",
        prefix="V",
        is_per_store=True,
        key=("visit_id",),
        columns=dict.fromkeys(("visit_id", "phone"), "text"),
    )
    with pytest.raises(Rejected, match=words) as error:
        records(Drop("V_S01_20261120_1.csv", text.encode(), rows), kind)
    assert "V_S01_20261120_1.csv" in str(error.value)
    assert "13912345678" not in str(error.value)


def test_values_with_commas_quotes_and_line_ends_survive() -> None:
    kind = Kind(entity="v", prefix="V", is_per_store=False, key=("visit_id",), columns={"visit_id": "text"})
    content = 'visit_id,note\r\nv1,"a, ""b""\r\nc"\r\n'.encode("utf-8-sig")
    assert records(Drop("V_20261120_1.csv", content, 1), kind) == [{"visit_id": "v1", "note": 'a, "b"\r\nc'}]


def test_a_store_that_was_closed_and_a_file_without_rows_are_no_error(reading: Reading, receipts: Entity) -> None:
    monday = DAY - timedelta(days=4)
    store: Any = reading.sandbox.platforms["store"]
    stores = {name.split("_")[1] for name in store.drops() if name.startswith("RECEIPTS")}
    open_stores = {
        name.split("_")[1] for name in store.drops() if name.startswith("RECEIPTS") and f"{monday:%Y%m%d}" in name
    }
    assert open_stores < stores
    pages = reading.pages(FOUND["store"], receipts, Window.of_days(monday, monday))
    assert len(pages) == len(open_stores)
    assert {page.day for page in pages} == {monday}


def test_another_host_key_needs_a_person_and_the_password_is_not_sent(reading: Reading, receipts: Entity) -> None:
    where = reading.sandbox.connection("store")
    key = paramiko.RSAKey.generate(2048)
    other = replace(where, extra={**where.extra, "host_key": f"{key.get_name()} {key.get_base64()}"})
    before = len(reading.sandbox.journal("store"))
    error = reading.failure(FOUND["store"], receipts, other)
    assert isinstance(error, NeedsPerson)
    assert "host key" in str(error)
    assert len(reading.sandbox.journal("store")) == before


def test_nothing_in_the_outbox_is_renamed_or_deleted(reading: Reading, receipts: Entity) -> None:
    before = len(reading.sandbox.journal("store"))
    reading.rows(FOUND["store"], receipts, TODAY)
    assert {entry["method"] for entry in reading.sandbox.journal("store")[before:]} == {"login", "open"}


# --- drift passes through: the gate judges, not the reader


@pytest.mark.parametrize(("source", "entity"), DRIFTING)
def test_an_unknown_column_is_handed_on(reading: Reading, source: Source, entity: Entity) -> None:
    reading.sandbox.fault(source.name, "unknown_column", times=10_000)
    rows = reading.rows(source, entity, HISTORY)
    assert rows
    added = WIRES[source.name].drifts
    assert all(added in {path.replace("[]", "").split(".")[-1] for path in leaves(row)} for row in rows)


# --- alone


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_runs_alone_and_shows_nobodys_data(
    reading: Reading, source: Source, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Counts and a masked first record, one JSON line per entity."""
    monkeypatch.setenv(
        f"AIRFLOW_CONN_QUANYU_{source.name.upper()}", json.dumps(reading.sandbox.connections[source.name])
    )
    sources.run_alone(source, ["--date", DAY.isoformat()])
    printed = capsys.readouterr().out
    lines = [json.loads(line) for line in printed.splitlines()]
    assert [line["entity"] for line in lines] == [entity.name for entity in source.entities]
    for line, entity in zip(lines, source.entities, strict=True):
        assert line["records"] == len(reading.rows(source, entity, TODAY))
    for person in reading.sandbox.world.people:
        assert not [phone for phone in person.phones if phone in printed]
        assert person.name not in printed


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_alone_without_connection_says_what_to_set(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(f"AIRFLOW_CONN_QUANYU_{source.name.upper()}", raising=False)
    with pytest.raises(SystemExit, match=f"AIRFLOW_CONN_QUANYU_{source.name.upper()}"):
        sources.run_alone(source, ["--date", DAY.isoformat(), "--entity", source.entities[0].name])


# --- helpers


def key_of(entity: Entity, row: Record) -> str:
    """The key, and the version where the platform has one."""
    paths = [*entity.key, *([entity.version] if entity.version else [])]
    return "|".join(str(next(walk(row, path.split(".")), "")) for path in paths)


def keys_of(entity: Entity, rows: list[Record]) -> list[str]:
    return sorted(key_of(entity, row) for row in rows)


def walk(value: Any, path: list[str]) -> Iterator[Any]:
    """The values a dotted path leads to; absent ones and nulls are none."""
    if not path:
        if value is not None:
            yield value
        return
    name = path[0].removesuffix("[]")
    inside = value.get(name) if isinstance(value, dict) else None
    for item in (inside or []) if path[0].endswith("[]") else [inside]:
        yield from walk(item, path[1:])


def leaves(value: Any, path: str = "") -> Iterator[str]:
    """Every dotted path of a record down to values and lists of values."""
    if isinstance(value, dict):
        for name, inside in value.items():
            yield from leaves(inside, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for item in value:
            yield from leaves(item, f"{path}[]")
    else:
        yield path


def has_type(value: Any, kind: str) -> bool:
    types = {"text": str, "integer": int, "number": int | float, "boolean": bool, "object": dict, "array": list}
    kind = kind.removesuffix("?")
    return isinstance(value, types[kind]) and (kind == "boolean" or not isinstance(value, bool))


def wrong(where: Connection) -> Connection:
    """The same connection with credentials that somebody mistyped."""
    extra = dict(where.extra)
    if "access_token" in extra:
        extra["access_token"] = "mistyped-access-token"
    return replace(where, password="mistyped-password", extra=extra)


def _happened(reading: Reading, window: Window) -> Mapping[str, Any]:
    return TRUTH["tmall.trades"].happened(reading.sandbox.world, window, reading.sandbox.clock.end)
