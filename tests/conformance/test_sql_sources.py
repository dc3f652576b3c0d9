"""Sources that are databases: what a session, a table and its text may do to a reading."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from quanyu import discovery
from quanyu.contracts import Connection, Entity, Record, Source, Window
from quanyu.errors import ConfigurationError, QuanyuError, Retryable, SchemaDrift
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox
from tests.sandbox.sql_server import scheme, sql_server
from tests.sandbox.store_db import ID_CARD
from tests.sandbox.world.systems import store_db as world_store_db
from tests.sandbox.world.systems import tmall_push as world_push

DAY = date(2026, 11, 20)
HISTORY = Window.of_days(DAY - timedelta(days=30), DAY)
TODAY = Window.of_days(DAY, DAY)

FOUND = discovery.sources()
TMALL, PUSH, STORE_DB = FOUND["tmall"], FOUND["tmall_push"], FOUND["store_db"]
ENTITIES = [pytest.param(s, e, id=f"{s.name}.{e.name}") for s in (PUSH, STORE_DB) for e in s.entities]


@pytest.fixture(scope="module")
def company() -> Iterator[Sandbox]:
    with running_sandbox(people=120, seed=11, business_date=DAY) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(company: Sandbox) -> Iterator[Sandbox]:
    yield company
    company.clear()


def entity_of(source: Source, name: str) -> Entity:
    return next(entity for entity in source.entities if entity.name == name)


def read(sandbox: Sandbox, source: Source, entity: Entity, window: Window = HISTORY, **more: Any) -> list[Record]:
    where: Connection = more.get("where") or sandbox.connection(source.name)
    waits: list[float] = more.get("waits", [])
    with source.connect(where, sleep=waits.append) as client:
        return [row for page in entity.read(client, window) for row in page.records]


def failure(sandbox: Sandbox, source: Source, entity: Entity) -> QuanyuError:
    with pytest.raises(QuanyuError) as caught:
        read(sandbox, source, entity, TODAY)
    assert str(caught.value).startswith(f"{source.name}.{entity.name} {DAY}")
    return caught.value


# --- sessions


@pytest.mark.parametrize(("source", "entity"), ENTITIES)
@pytest.mark.parametrize("kind", ["reset", "throttle"])
def test_a_session_that_breaks_is_opened_again_and_loses_nothing(
    sandbox: Sandbox, source: Source, entity: Entity, kind: str
) -> None:
    """Cut in the middle of an answer, or refused because there are too many."""
    calm = read(sandbox, source, entity)
    waits: list[float] = []
    sandbox.fault(source.name, kind, times=2)
    assert read(sandbox, source, entity, waits=waits) == calm
    assert not sandbox.armed(source.name)
    assert len(waits) == 2


@pytest.mark.parametrize(("source", "entity"), ENTITIES)
@pytest.mark.parametrize("kind", ["reset", "throttle"])
def test_sessions_that_always_break_end_as_retryable(
    sandbox: Sandbox, source: Source, entity: Entity, kind: str
) -> None:
    before = len(sandbox.journal(source.name))
    sandbox.fault(source.name, kind, times=10_000)
    with pytest.raises(Retryable) as caught:
        read(sandbox, source, entity)
    assert caught.value.remedy
    assert len(sandbox.journal(source.name)) - before < 12


# --- tables


@pytest.mark.parametrize(("source", "entity"), ENTITIES)
def test_a_renamed_column_freezes_the_entity_by_name(sandbox: Sandbox, source: Source, entity: Entity) -> None:
    sandbox.fault(source.name, "missing_column", times=10_000)
    error = failure(sandbox, source, entity)
    assert isinstance(error, SchemaDrift)
    assert "lacks the column" in str(error)


@pytest.mark.parametrize(("source", "entity"), ENTITIES)
def test_a_column_nobody_declared_is_not_even_asked_for(sandbox: Sandbox, source: Source, entity: Entity) -> None:
    calm = read(sandbox, source, entity)
    sandbox.fault(source.name, "unknown_column", times=1)
    assert read(sandbox, source, entity) == calm
    assert not sandbox.armed(source.name)


@pytest.mark.parametrize(
    ("source", "entity", "path"),
    [(PUSH, "trades", "payment"), (PUSH, "refunds", "refund_fee"), (STORE_DB, "sale_lines", "sale_money")],
    ids=lambda it: getattr(it, "name", it),
)
def test_money_that_became_a_floating_number_is_handed_on_as_it_is(
    sandbox: Sandbox, source: Source, entity: str, path: str
) -> None:
    """The gate, not the reader, judges records: it is declared as text."""
    sandbox.fault(source.name, "changed_type", times=1)
    rows = read(sandbox, source, entity_of(source, entity))
    assert {type(row[path]) for row in rows} == {float}
    assert entity_of(source, entity).fields[path] == "text"


# --- the push database


@pytest.mark.parametrize("name", ["trades", "refunds"])
def test_a_pushed_record_is_the_record_that_top_gives(sandbox: Sandbox, name: str) -> None:
    """Field for field, so that staging may take either."""
    told = {str(row[_key(name)]): row for row in read(sandbox, TMALL, entity_of(TMALL, name))}
    pushed = {str(row[_key(name)]): row for row in read(sandbox, PUSH, entity_of(PUSH, name))}
    same = [key for key in told.keys() & pushed.keys() if told[key]["modified"] == pushed[key]["modified"]]
    assert len(same) > len(told) / 2
    for key in same:
        assert pushed[key] == told[key]
    assert entity_of(PUSH, name).fields == entity_of(TMALL, name).fields
    assert entity_of(PUSH, name).key == entity_of(TMALL, name).key
    assert entity_of(PUSH, name).version == entity_of(TMALL, name).version


def test_no_receiver_leaves_the_push_database(sandbox: Sandbox) -> None:
    rows = read(sandbox, PUSH, entity_of(PUSH, "trades"))
    assert rows
    for word in ("receiver_name", "receiver_mobile", "receiver_address", "buyer_nick", "oaid", "张**"):
        assert word not in str(rows)


def test_another_shop_in_the_same_database_stays_there(sandbox: Sandbox) -> None:
    """Its buyers would be taken for buyers of this shop."""
    rows = read(sandbox, PUSH, entity_of(PUSH, "trades"))
    platform: Any = sandbox.platforms["tmall_push"]
    with sql_server().engine(platform._own).connect() as connection:
        there = connection.exec_driver_sql("select count(distinct seller_nick) from jdp_tb_trade").scalar()
    assert there == 2
    assert {row["tid"] for row in rows} <= {trade.tid for trade in sandbox.world.trades}


def test_a_push_that_came_hours_late_is_in_the_window_of_its_push(sandbox: Sandbox) -> None:
    """Its `modified` lies in a day that was read already; by `modified` it would be lost."""
    end = sandbox.clock.end
    late = [
        (pushed.of.tid, push)
        for pushed in world_push.trades(sandbox.world)
        if (push := pushed.at(end)) and push[0].date() < push[1].date() and HISTORY.start <= push[0]
    ]
    assert late, "the world has no late push over midnight"
    for tid, (changed_at, pushed_at) in late:
        day = pushed_at.date()
        rows = read(sandbox, PUSH, entity_of(PUSH, "trades"), Window.of_days(day, day))
        assert f"{changed_at:%Y-%m-%d %H:%M:%S}" in {row["modified"] for row in rows if row["tid"] == tid}


@pytest.mark.parametrize("response", ["", "{", "[]", '{"trade_fullinfo_get_response": {}}', '{"error_response": {}}'])
def test_a_response_without_a_trade_is_drift_that_names_the_trade(sandbox: Sandbox, response: str) -> None:
    with running_sandbox(people=60, seed=11, business_date=DAY) as fresh:
        trades = entity_of(PUSH, "trades")
        victim = read(fresh, PUSH, trades)[0]["tid"]
        platform: Any = fresh.platforms["tmall_push"]
        table = sa.table("jdp_tb_trade", sa.column("tid"), sa.column("jdp_response"))
        with sql_server().engine(platform._own).connect() as connection:
            connection.execute(sa.update(table).where(table.c.tid == victim).values(jdp_response=response))
        with pytest.raises(SchemaDrift, match=f"tid {victim}"):
            read(fresh, PUSH, trades)


@pytest.mark.parametrize("lacking", ["seller_nick", "account"])
def test_a_push_connection_without_its_shop_is_refused(sandbox: Sandbox, lacking: str) -> None:
    where = sandbox.connection("tmall_push")
    extra = {name: value for name, value in where.extra.items() if name != lacking}
    incomplete = Connection(name="tmall_push", url=where.url, login=where.login, password=where.password, extra=extra)
    with pytest.raises(ConfigurationError, match="incomplete"), PUSH.connect(incomplete):
        pass


# --- the store database


def test_ids_notes_and_payment_cards_are_never_read(sandbox: Sandbox) -> None:
    text = "".join(str(read(sandbox, STORE_DB, entity)) for entity in STORE_DB.entities)
    for value in (ID_CARD, "6222020200112233445", "顾客说改天再来", "店长", "消费积分"):
        assert value not in text


def test_the_tables_really_are_in_gbk(sandbox: Sandbox) -> None:
    if scheme() != "mysql":
        pytest.skip("Postgres has one charset per database")
    names = {row["vip_name"] for row in read(sandbox, STORE_DB, entity_of(STORE_DB, "members"))}
    assert names == {card.name for card in world_store_db.cards(sandbox.world, sandbox.clock.end)}
    platform: Any = sandbox.platforms["store_db"]
    query = f"select distinct character_set_name from information_schema.columns where table_schema = '{platform._own}'"
    with sql_server().engine(platform._own).connect() as connection:
        assert {row[0] for row in connection.exec_driver_sql(query)} == {"gbk", None}


def test_what_an_offline_till_sold_comes_with_the_days_that_are_read_again() -> None:
    with running_sandbox(people=120, seed=11, business_date=DAY) as fresh:
        late = [
            found
            for found in world_store_db.rung(fresh.world)
            if found.receipt.late and HISTORY.start <= found.receipt.sold_at < HISTORY.end
        ]
        assert late, "the world has no late receipt"
        sold_on = late[0].receipt.sold_at.date()
        fresh.clock.today = sold_on
        lines, window = entity_of(STORE_DB, "sale_lines"), Window.of_days(sold_on, sold_on)
        before = {row["com_no"] for row in read(fresh, STORE_DB, lines, window)}
        fresh.advance_to(sold_on + timedelta(days=1))
        after = {row["com_no"] for row in read(fresh, STORE_DB, lines, window)}
    assert before < after
    assert str(late[0].first_line) in after - before
    assert lines.reread_days >= 1


def test_the_tenders_of_a_receipt_are_what_its_lines_cost(sandbox: Sandbox) -> None:
    """Change included: the world's books hold, so a reading that loses a tender or a line shows."""
    lines, tenders = (read(sandbox, STORE_DB, entity_of(STORE_DB, name)) for name in ("sale_lines", "tenders"))
    assert {row["pay_way"] for row in tenders} >= {"CHG", "RMB"}
    assert _sums(lines, "sale_money") == _sums(tenders, "pay_amount")


def test_a_brand_must_be_named(sandbox: Sandbox) -> None:
    """Without it the login would become the scope of the member cards."""
    where = sandbox.connection("store_db")
    nameless = Connection(name="store_db", url=where.url, login=where.login, password=where.password)
    with pytest.raises(ConfigurationError, match=r"extra\.account"), STORE_DB.connect(nameless):
        pass


def _key(name: str) -> str:
    return {"trades": "tid", "refunds": "refund_id"}[name]


def _sums(rows: list[Record], path: str) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    for row in rows:
        key = row["branch_no"], row["flow_no"]
        found[key] = round(found.get(key, 0) + float(row[path]), 4)
    return found
