"""Every source through landing: killed on any page, read again, read twice; against the sandbox's platforms.

A killed reading leaves the pen as it was, and the next one lands the same rows as if nothing had happened. Reading
what is known already is no news.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from psycopg import sql

from quanyu import discovery, landing, warehouse
from quanyu.contracts import Entity, Page, Source, Window
from quanyu.errors import QuanyuError, Rejected
from quanyu.vault import Vault
from tests.sandbox import running_sandbox
from tests.sandbox.server import Sandbox
from tests.truth import wires

DAY = date(2026, 11, 20)
FIRST = DAY - timedelta(days=6)
VAULT = Vault(bytes(range(32)))
SECRET_EXTRAS = ("session", "access_token", "refresh_token", "private_key")
FOUND = {name: source for name, source in discovery.sources().items() if name in wires()}
ENTITIES = [pytest.param(s, e, id=f"{s.name}.{e.name}") for s in FOUND.values() for e in s.entities]


@pytest.fixture(scope="module")
def company() -> Iterator[Sandbox]:
    with running_sandbox(people=120, seed=7, business_date=DAY) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def tomorrow() -> Iterator[Sandbox]:
    """The same company one day later."""
    with running_sandbox(people=120, seed=7, business_date=DAY) as sandbox:
        sandbox.advance_to(DAY + timedelta(days=1))
        yield sandbox


class Killed(BaseException):
    """What a process that is killed would raise, if it could."""


def killed_after(entity: Entity, pages: int) -> Entity:
    """The same entity, whose reading dies before it hands over one page more than `pages`."""

    def read(client: Any, window: Window) -> Iterator[Page]:
        for number, page in enumerate(entity.read(client, window)):
            if number == pages:
                raise Killed
            yield page

    return replace(entity, read=read)


def land(
    dsn: str, source: Source, entity: Entity, company: Sandbox, day: date = DAY, *, window: Window | None = None
) -> int:
    where, days = company.connection(source.name), (DAY - FIRST).days
    return landing.land(source, entity, where, day, dsn=dsn, vault=VAULT, history_days=days, window=window)


def admit(dsn: str, source: Source, entity: Entity, day: date = DAY) -> None:
    """Let the gate hold, then admit."""
    with warehouse.connect(dsn) as connection:
        connection.execute(
            """insert into ops.gate_result (business_date, gate, relation, expectation, severity, is_met, reason)
            values (%s, 'raw', %s, 'expect_something', 'fail', true, 'something holds')""",
            [day, f"landing.{source.name}__{entity.name}"],
        )
    landing.admit(dsn, day, source.name)


def content(dsn: str, schema: str, source: Source, entity: Entity) -> list[tuple[Any, ...]]:
    """What stands in the pen or in raw, without what differs between two readings by design."""
    table = sql.Identifier(schema, f"{source.name}__{entity.name}")
    query = sql.SQL("select record_key, version, business_date, payload::text from {} order by 1, 2").format(table)
    with warehouse.connect(dsn) as connection:
        return connection.execute(query).fetchall()


def newest(dsn: str, source: Source, entity: Entity) -> dict[str, str]:
    """The newest version of every row in raw that is not deleted."""
    table = sql.Identifier("raw", f"{source.name}__{entity.name}")
    query = sql.SQL(
        """select record_key, payload from (
            select distinct on (record_key) record_key, payload::text as payload, is_deleted from {}
            order by record_key, version desc) as versions
        where not is_deleted"""
    ).format(table)
    with warehouse.connect(dsn) as connection:
        return dict(connection.execute(query).fetchall())


def last_load(dsn: str, *columns: str) -> tuple[Any, ...]:
    with warehouse.connect(dsn) as connection:
        query = f"select {', '.join(columns)} from ops.entity_load order by load_id desc limit 1"
        found = connection.execute(query).fetchone()  # type: ignore[arg-type]
        assert found is not None
        return found


@pytest.mark.parametrize(("source", "entity"), ENTITIES)
def test_a_reading_that_is_killed_on_any_page_leaves_the_pen_alone_and_the_next_one_is_whole(
    dsn: str, company: Sandbox, source: Source, entity: Entity
) -> None:
    with source.connect(company.connection(source.name)) as client:
        pages = len(list(entity.read(client, Window.of_days(FIRST, DAY))))
    assert pages
    land(dsn, source, entity, company)
    calm = content(dsn, "landing", source, entity)
    for number in range(pages):
        with pytest.raises((Killed, Rejected)):
            land(dsn, source, killed_after(entity, number), company)
        assert content(dsn, "landing", source, entity) == calm, f"killed on page {number + 1} of {pages}"
    land(dsn, source, entity, company)
    assert content(dsn, "landing", source, entity) == calm


@pytest.mark.parametrize(("source", "entity"), ENTITIES)
def test_what_is_read_again_is_no_news(dsn: str, company: Sandbox, source: Source, entity: Entity) -> None:
    """The same window twice, and the days that the next night reads again: raw has each row once."""
    land(dsn, source, entity, company)
    admit(dsn, source, entity)
    first = content(dsn, "raw", source, entity)
    land(dsn, source, entity, company)
    admit(dsn, source, entity)
    assert last_load(dsn, "status", "rows_new", "rows_deleted") == ("admitted", 0, 0)
    assert content(dsn, "raw", source, entity) == first


@pytest.mark.parametrize(("source", "entity"), ENTITIES)
def test_two_nights_know_what_one_reading_of_all_days_would_know(
    dsn: str, company: Sandbox, tomorrow: Sandbox, source: Source, entity: Entity
) -> None:
    """The days that are read again overlap the days that were read: rows are renewed, none is lost, none is doubled."""
    land(dsn, source, entity, company)
    admit(dsn, source, entity)
    land(dsn, source, entity, tomorrow, DAY + timedelta(days=1))
    admit(dsn, source, entity, DAY + timedelta(days=1))
    known = newest(dsn, source, entity)
    # The second night may reach further back than the first.
    first = min(FIRST, DAY + timedelta(days=1 - entity.reread_days))
    land(dsn, source, entity, tomorrow, DAY + timedelta(days=1), window=Window.of_days(first, DAY + timedelta(days=1)))
    assert known == {key: payload for key, _, _, payload in content(dsn, "landing", source, entity)}


@pytest.mark.parametrize("source", [pytest.param(source, id=source.name) for source in FOUND.values()])
def test_a_changed_type_freezes_the_entity_and_leaves_the_pen_alone(dsn: str, company: Sandbox, source: Source) -> None:
    """The pen holds what it held before; at least one entity of each source shows it, but for files of text only."""
    frozen = 0
    for entity in source.entities:
        land(dsn, source, entity, company)
        calm = content(dsn, "landing", source, entity)
        company.fault(source.name, "changed_type", times=10_000)
        try:
            land(dsn, source, entity, company)
        except Rejected:
            frozen += 1
            assert content(dsn, "landing", source, entity) == calm
        finally:
            company.clear(source.name)
    is_typed = any(kind.rstrip("?") != "text" for entity in source.entities for kind in entity.fields.values())
    assert frozen or not wires()[source.name].drifts or not is_typed


@pytest.mark.parametrize(("source", "entity"), ENTITIES)
def test_neither_a_secret_nor_a_personal_value_is_logged(
    dsn: str, company: Sandbox, source: Source, entity: Entity, caplog: pytest.LogCaptureFixture
) -> None:
    """Everything that is said down to DEBUG, of a calm reading and of one that is disturbed."""
    where = company.connection(source.name)
    secrets = {where.password, *(str(where.extra.get(name) or "") for name in SECRET_EXTRAS)} - {""}
    with caplog.at_level(logging.DEBUG):
        land(dsn, source, entity, company)
        company.fault(source.name, "reset", times=1)
        try:
            land(dsn, source, entity, company)
        except QuanyuError as error:
            caplog.handler.records.append(logging.makeLogRecord({"msg": str(error)}))
        finally:
            company.clear(source.name)
    said = "\n".join(record.getMessage() for record in caplog.records)
    assert not [secret for secret in secrets if secret in said]
    for person in company.world.people:
        assert not [phone for phone in person.phones if phone in said]
