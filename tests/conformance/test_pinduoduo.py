"""Pinduoduo beyond the common contract: signature, codes, amounts of two types, windows, pages, rotating tokens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from quanyu.contracts import SHANGHAI, Entity, Window
from quanyu.errors import NeedsPerson, NotReady, QuanyuError, Rejected, Retryable, Throttled, TokenExpired
from quanyu.landing.drift import Shape
from quanyu.settings import utc_now
from quanyu.sources.pinduoduo import SOURCE, client
from quanyu.transport import Http
from tests.fixtures.reading import Kept, Reader
from tests.fixtures.source_server import Reply, says, scripted
from tests.sandbox import running_sandbox
from tests.sandbox.pinduoduo import Pinduoduo
from tests.sandbox.server import Sandbox
from tests.sandbox.world.systems import pinduoduo as chapter
from tests.truth.pinduoduo import TRUTH

DAY = date(2026, 11, 20)
HISTORY = Window.of_days(DAY - timedelta(days=30), DAY)
TODAY = Window.of_days(DAY, DAY)
VECTORS = json.loads((Path(__file__).parents[1] / "fixtures" / "vectors_pinduoduo.json").read_text("utf-8"))
ENTITIES = {entity.name: entity for entity in SOURCE.entities}


@pytest.fixture(scope="module")
def company() -> Iterator[Sandbox]:
    with running_sandbox(people=200, seed=11, business_date=DAY) as sandbox:
        yield sandbox


@pytest.fixture
def reader(company: Sandbox) -> Iterator[Reader]:
    yield Reader(SOURCE, company.connection("pinduoduo"))
    company.clear()


@pytest.fixture
def fresh() -> Iterator[Sandbox]:
    with running_sandbox(people=120, seed=11, business_date=DAY) as sandbox:
        yield sandbox


def platform(sandbox: Sandbox) -> Pinduoduo:
    found = sandbox.platforms["pinduoduo"]
    assert isinstance(found, Pinduoduo)
    return found


# --- signing and codes


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["expected"][:6])
def test_a_signature_equals_the_published_one(vector: dict[str, Any]) -> None:
    assert client.sign(vector["params"], secret=vector["secret"]) == vector["expected"]
    assert client.sign({**vector["params"], "sign": "x"}, secret=vector["secret"]) == vector["expected"]


@pytest.mark.parametrize(
    ("code", "sub_code", "expected"),
    [
        *((code, "", TokenExpired) for code in (10019, 10035)),
        *((code, "", NeedsPerson) for code in (10014, 20032, 20005, 20031)),
        *((code, "", Throttled) for code in (70031, 70032, 52101)),
        *((code, "", Retryable) for code in (50000, 52102, 52103, 70033)),
        (50001, "isv.order-service-error", Retryable),
        (50001, "isv.parameter-invalid", Rejected),
        *((code, "", Rejected) for code in (10000, 10001, 10002, 10010, 10011, 10016, 20004, 20007, 50012, 70034)),
    ],
)
def test_pinduoduos_codes_say_what_to_do(code: int, sub_code: str, expected: type[QuanyuError]) -> None:
    """A limit is over ten seconds later; a service that is ill is asked again a few times."""
    error = client.error_of("t", {"error_code": code, "error_msg": "x", "sub_code": sub_code, "sub_msg": "y"})
    assert type(error) is expected
    assert error.remedy or isinstance(error, TokenExpired | Throttled)
    if isinstance(error, Throttled):
        assert error.until is not None
        assert timedelta(seconds=8) < error.until - utc_now() <= timedelta(seconds=10)


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(says({"request_id": "r"}), id="no envelope"),
        pytest.param(says({"order_sn_increment_get_response": {"order_sn_list": []}}), id="no total"),
        pytest.param(
            says({"order_sn_increment_get_response": {"order_sn_list": None, "total_count": 4}}), id="no rows"
        ),
    ],
)
def test_a_half_answer_is_an_error_and_not_half_an_hour_without_orders(reader: Reader, reply: Reply) -> None:
    with scripted(reply) as server, pytest.raises(Retryable, match=rf"^pinduoduo.orders {DAY} 00:00"):
        Reader(SOURCE, replace(reader.where, url=server.url)).rows("orders", TODAY)


@pytest.mark.parametrize("entity", ENTITIES)
def test_a_service_that_is_ill_is_outlived(company: Sandbox, reader: Reader, entity: str) -> None:
    calm = reader.pages(entity, TODAY)
    company.fault("pinduoduo", "service_error", times=2)
    assert reader.pages(entity, TODAY) == calm


def test_the_list_of_refunds_is_asked_at_its_own_pace() -> None:
    """100 calls in ten seconds, unless the connection says how fast."""
    for given, expected in (({}, 9), ({"requests_per_second": 2}, 2)):
        with scripted(says({})) as server:
            extra = {"refresh_token": "r", **given}
            where = client.Connection(name="pinduoduo", url=server.url, login="c", password="s", extra=extra)
            with SOURCE.connect(where) as shop:
                http: Http = shop._http
                assert http._interval == pytest.approx(1 / expected)


def test_a_quota_that_is_used_up_is_waited_for(fresh: Sandbox) -> None:
    """Every window is read all the same, after waits of ten seconds."""
    where = fresh.connection("pinduoduo")
    calm = Reader(SOURCE, where).rows("refunds", TODAY)
    fresh.clock.elapse(10)
    platform(fresh).refund_quota = 30
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        fresh.clock.elapse(seconds)

    with SOURCE.connect(where, sleep=sleep) as shop:
        rows = [row for page in ENTITIES["refunds"].read(shop, TODAY) for row in page.records]
    assert rows == calm
    assert any(wait > 8 for wait in waits)


# --- windows and pages


def test_a_window_that_is_not_over_yet_is_not_ready() -> None:
    """What changed in the last three minutes is not all there, so nothing is asked."""
    end = utc_now().replace(microsecond=0) - timedelta(minutes=1)
    where = client.Connection(
        name="pinduoduo", url="http://127.0.0.1:9", login="c", password="s", extra={"refresh_token": "r"}
    )
    with pytest.raises(NotReady, match="three minutes later") as error:
        Reader(SOURCE, where).rows("orders", Window(end - timedelta(minutes=10), end))
    assert error.value.remedy


def test_no_window_is_longer_than_half_an_hour_or_ends_too_late(company: Sandbox, reader: Reader) -> None:
    """The sandbox refuses others; a day is 48 calls where no window has more than a page."""
    before = len(company.journal("pinduoduo"))
    reader.rows("orders", TODAY)
    calls = company.journal("pinduoduo")[before:]
    assert len(calls) == 48
    assert {call["outcome"] for call in calls} == {"ok"}


def test_an_order_that_changes_while_we_read_costs_no_other_order(
    fresh: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows move towards page 1 while we read: last to first repeats rows, first to last would skip one."""
    window = _crowd(fresh)
    monkeypatch.setattr(client, "_PAGE_SIZE", 1)
    there = _keys(fresh, window)
    fresh.fault("pinduoduo", "shift", times=1, after=2)
    reader = Reader(SOURCE, fresh.connection("pinduoduo"))
    read = {f"{row['order_sn']}|{row['updated_at']}" for row in reader.rows("orders", window)}
    left = there - _keys(fresh, window)
    assert read >= _keys(fresh, window)
    assert len(left) == 1
    later = Window(window.end, window.end + timedelta(minutes=30))
    assert {key.split("|")[0] for key in left} <= {row["order_sn"] for row in reader.rows("orders", later)}


def test_the_shift_is_real_paging_forward_does_lose_an_order(fresh: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves that the test above can fail."""
    from quanyu.sources.pinduoduo import _ORDERS

    window = _crowd(fresh)
    monkeypatch.setattr(client, "_PAGE_SIZE", 1)
    fresh.fault("pinduoduo", "shift", times=1, after=1)
    read: set[str] = set()
    with SOURCE.connect(fresh.connection("pinduoduo")) as shop:
        for number in range(1, 12):
            read |= {f"{row['order_sn']}|{row['updated_at']}" for row in shop._page(_ORDERS, window, number)}
    assert _keys(fresh, window) - read


def _crowd(sandbox: Sandbox) -> Window:
    """Half an hour in which six orders change: busier than the world's own are."""
    start = datetime(2026, 11, 18, 10, tzinfo=SHANGHAI)
    found = [order for order in chapter.orders(sandbox.world) if chapter.is_shown(order, start)][:6]
    for minute, order in enumerate(found, 5):
        order.touched = start + timedelta(minutes=minute)
        order.shipped_at = order.finished_at = order.closed_at = order.refund = None
    window = Window(start, start + timedelta(minutes=30))
    assert len(_keys(sandbox, window)) >= 6
    return window


def _keys(sandbox: Sandbox, window: Window) -> set[str]:
    return set(TRUTH["orders"].happened(sandbox.world, window, sandbox.clock.end))


# --- what is kept


def test_amounts_are_text_whether_the_platform_sends_numbers_or_texts() -> None:
    """Exactly the digits that came: no third decimal is made up, none is rounded away."""
    sent = {"pay_amount": 129.9, "postage": 0, "goods_amount": "8.00", "discount_amount": None, "seller_discount": 1e-2}
    kept = {
        "pay_amount": "129.9",
        "postage": "0",
        "goods_amount": "8.00",
        "discount_amount": None,
        "seller_discount": "0.01",
    }
    assert client._prepared(sent) == kept
    assert client._prepared({"item_list": [{"goods_price": 12.35, "goods_count": 2}]}) == {
        "item_list": [{"goods_price": "12.35", "goods_count": 2}]
    }


def test_a_flag_is_no_amount_and_stays_a_drift() -> None:
    entity: Entity = ENTITIES["orders"]
    assert [said for said in Shape(entity).check(client._prepared({"pay_amount": True}), set()) if "pay_amount" in said]


def test_nothing_of_a_receiver_is_kept_and_nothing_says_who_bought(company: Sandbox, reader: Reader) -> None:
    told = json.dumps([reader.rows(entity, HISTORY) for entity in ENTITIES], ensure_ascii=False)
    for name in ("receiver_", "buyer_memo", "remark", "pay_no", "_mask"):
        assert name not in told
    for person in company.world.people:
        assert person.name not in told
    assert not hasattr(chapter, "evidence")


# --- tokens


def test_a_dead_token_is_renewed_once_and_the_next_process_finds_the_new_one(fresh: Sandbox) -> None:
    first = Reader(SOURCE, replace(fresh.connection("pinduoduo"), tokens=Kept()))
    calm = first.rows("orders", TODAY)
    fresh.fault("pinduoduo", "token_expired")
    assert first.rows("orders", TODAY) == calm
    assert Reader(SOURCE, first.where).rows("orders", TODAY) == calm
    assert sum(entry["path"].endswith("token.refresh") for entry in fresh.journal("pinduoduo")) == 1
    assert fresh.connection("pinduoduo").extra["refresh_token"] != first.where.extra["refresh_token"]


def test_a_refresh_token_that_is_refused_needs_a_person(fresh: Sandbox) -> None:
    old = fresh.connection("pinduoduo")
    platform(fresh).tokens.mint()
    with pytest.raises(NeedsPerson, match="refresh token is refused") as error:
        Reader(SOURCE, old).rows("orders", TODAY)
    assert "authorise" in error.value.remedy
    assert not [secret for secret in (old.password, old.extra["refresh_token"]) if secret in str(error.value)]
