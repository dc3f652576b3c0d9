"""A ledger restored from an older copy of the warehouse learns what it has forgotten, before it sends."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from quanyu import warehouse
from quanyu.activation import send
from quanyu.activation.restored import ClaimLog, relearn
from quanyu.contracts import Neither
from quanyu.errors import ConfigurationError, NeedsPerson, Rejected
from quanyu.local.postgres import EmbeddedPostgres
from tests.faults.kill import ours
from tests.faults.kill.points import numbered
from tests.faults.kill.provider import Platforms
from tests.faults.kill.stage import Stage, kinds, one_id_of
from tests.fixtures.activation_night import DAY, TEN

KINDS = kinds(largest_batch=4)
PEOPLE = 7
_numbers = itertools.count(1)

Restore = Callable[[Stage], None]


class Cut(BaseException):
    """Ends an attempt like a crash."""


@pytest.fixture
def restore(postgres: EmbeddedPostgres) -> Iterator[Callable[[Stage], Restore]]:
    """Take a dump of a stage's warehouse; what it returns puts the stage on the dump."""
    dumps: list[sql.Identifier] = []

    def dump(stage: Stage) -> Restore:
        name = f"dump_{next(_numbers)}"
        dumps.append(sql.Identifier(name))
        copied = sql.SQL("create database {} template {}")
        maintain(copied.format(dumps[-1], sql.Identifier(stage.dsn.rpartition("/")[2])))

        def back(stage: Stage) -> None:
            stage.dsn = stage.night.dsn = postgres.url(name)

        return back

    def maintain(statement: sql.Composed) -> None:
        with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    yield dump
    for name in dumps:
        maintain(sql.SQL("drop database {} with (force)").format(name))


@pytest.fixture(params=list(KINDS))
def stage(request: pytest.FixtureRequest, dsn: str, platforms: Platforms, tmp_path: Path) -> Stage:
    stage = Stage(dsn, platforms, KINDS[request.param], PEOPLE, claim_log=ClaimLog(tmp_path / "claims"))
    stage.begin()
    return stage


def came(stage: Stage) -> Counter[str]:
    return Counter(stage.provider.log().recipients)


def test_a_night_that_was_sent_is_not_sent_again_from_yesterdays_dump(
    stage: Stage, restore: Callable[[Stage], Restore]
) -> None:
    back = restore(stage)
    ours.attempt(stage)
    sent = came(stage)
    assert set(sent) == set(stage.shown.values())
    back(stage)
    assert set(stage.states().values()) == {"pending"}
    ours.finish(stage)
    assert came(stage) == sent, "nobody twice"
    states = set(stage.states().values())
    if isinstance(stage.kind.channel.ability, Neither):
        assert states == {"parked"}
    else:
        assert states <= {"sent", "delivered", "failed_final"}


def test_a_dump_from_the_middle_of_a_night_goes_on_with_those_who_got_nothing(
    stage: Stage, restore: Callable[[Stage], Restore]
) -> None:
    back = restore(stage)

    def cut(_: int, label: str) -> None:
        # The first batch is out, and nobody has stored it.
        if label.startswith("before commit") and came(stage):
            raise Cut

    with pytest.raises(Cut), numbered(cut):
        ours.attempt(stage)
    assert 0 < len(came(stage)) < len(stage.shown)
    back(stage)
    ours.finish(stage)
    outcome = stage.outcome(stage.states())
    assert (outcome.lost, outcome.doubled) == (0, 0)
    assert 0 < outcome.parked < PEOPLE if isinstance(stage.kind.channel.ability, Neither) else not outcome.parked


def test_batches_that_would_be_cut_differently_now_are_still_found(
    stage: Stage, restore: Callable[[Stage], Restore]
) -> None:
    back = restore(stage)
    ours.attempt(stage)
    sent = came(stage)
    back(stage)
    first = stage.night.one("select one_id from activation.message order by key limit 1")
    stage.night.consent(first, on=stage.kind.channel.name, is_granted=False)
    ours.finish(stage)
    assert came(stage) == sent


def test_without_the_log_of_claims_the_same_dump_doubles(
    dsn: str, platforms: Platforms, restore: Callable[[Stage], Restore]
) -> None:
    """What the log is for: this is the accident."""
    stage = Stage(dsn, platforms, KINDS["letterbox"], PEOPLE)
    stage.begin()
    back = restore(stage)
    ours.attempt(stage)
    back(stage)
    ours.finish(stage)
    assert set(came(stage).values()) == {2}


def test_a_restored_night_that_is_too_old_is_not_sent_at_all(stage: Stage, restore: Callable[[Stage], Restore]) -> None:
    back = restore(stage)
    ours.attempt(stage)
    sent = came(stage)
    back(stage)
    with stage.kind.channel.connect(stage.where) as client, pytest.raises(Rejected, match="are not sent on"):
        send(
            stage.dsn,
            DAY,
            stage.kind.channel,
            client,
            lambda: TEN + timedelta(days=1),
            stage.night.vault,
            claim_log=stage.claim_log,
        )
    assert came(stage) == sent


def test_claims_that_a_new_plan_does_not_know_stop_the_channel(stage: Stage) -> None:
    ours.attempt(stage)
    sent = came(stage)
    claims = stage.claim_log
    assert claims
    # Restored to before the plan, and planned again without a person who has got something.
    stage.begin()
    with stage.night.sql() as cursor:
        cursor.execute("delete from activation.message where one_id = %s", [one_id_of(0)])
    errors = ours.attempt(stage)
    assert any("1 messages of 2026-11-20 were handed to" in error for error in errors)
    assert any(str(claims.path(stage.kind.channel.name, DAY)) in error for error in errors)
    assert sent
    assert not came(stage), "the platform that `begin` replaced heard of them, and this one of nobody"


def test_a_ledger_that_forgot_nothing_learns_nothing(stage: Stage) -> None:
    ours.attempt(stage)
    before = stage.night.rows("select key, state, attempt, batch_key from activation.message order by key")
    assert stage.claim_log
    with warehouse.connect(stage.dsn) as connection:
        assert relearn(connection, stage.claim_log, stage.kind.channel.name, DAY, at=TEN) == 0
    assert stage.night.rows("select key, state, attempt, batch_key from activation.message order by key") == before


def test_the_log_holds_no_address_and_what_a_full_disk_cut_off_is_no_claim(stage: Stage) -> None:
    ours.attempt(stage)
    assert stage.claim_log
    path = stage.claim_log.path(stage.kind.channel.name, DAY)
    written = path.read_text()
    assert not [address for address in stage.shown.values() if address in written]
    known = list(stage.claim_log.claims(stage.kind.channel.name, DAY))
    with path.open("a") as file:
        file.write('\n{"batch_key": "abc", "keys": ["d')
    assert list(stage.claim_log.claims(stage.kind.channel.name, DAY)) == known


def test_nights_that_may_not_send_any_more_are_dropped_from_the_log(tmp_path: Path, dsn: str) -> None:
    claims = ClaimLog(tmp_path)
    folder = claims.path("post", DAY).parent
    folder.mkdir()
    for age in range(4):
        claims.path("post", DAY - timedelta(days=age)).touch()
    with warehouse.connect(dsn) as connection:
        relearn(connection, claims, "post", DAY, at=TEN)
    assert sorted(path.stem for path in folder.iterdir()) == ["2026-11-19", "2026-11-20"]


def test_a_claim_that_cannot_be_written_down_is_not_called(dsn: str, platforms: Platforms, tmp_path: Path) -> None:
    (tmp_path / "claims").write_text("a file where the folder should be")
    stage = Stage(dsn, platforms, KINDS["letterbox"], PEOPLE, claim_log=ClaimLog(tmp_path / "claims"))
    stage.begin()
    with stage.kind.channel.connect(stage.where) as client, pytest.raises(ConfigurationError, match="nothing is sent"):
        stage.night.send(client, stage.kind.channel, claim_log=stage.claim_log)
    assert not came(stage)
    assert set(stage.states().values()) == {"pending"}


def test_the_refusal_names_a_remedy(dsn: str, platforms: Platforms, tmp_path: Path) -> None:
    stage = Stage(dsn, platforms, KINDS["letterbox"], PEOPLE, claim_log=ClaimLog(tmp_path / "claims"))
    stage.begin()
    ours.attempt(stage)
    with stage.night.sql() as cursor:
        cursor.execute("truncate activation.message cascade")
    assert stage.claim_log
    with warehouse.connect(dsn) as connection, pytest.raises(NeedsPerson) as caught:
        relearn(connection, stage.claim_log, "letterbox", DAY, at=TEN)
    assert "plan that night again" in caught.value.remedy
