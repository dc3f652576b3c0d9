"""Under the role `quanyu_sender` a whole night runs; the role can do no more, and BI reads nothing of it."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import psycopg
import pytest
import yaml
from psycopg import sql

from quanyu import warehouse
from quanyu.activation import (
    collect_receipts,
    collect_replies,
    forget_erased,
    mirror,
    parked,
    resolve,
    resume,
    settle,
)
from quanyu.activation.pauses import pause
from quanyu.contracts import Ability, Grant, Message, Neither, Query, Receipt, Verdict
from quanyu.errors import DeliveryUnknown, SwitchedOff, Throttled
from quanyu.heard import Heard
from quanyu.landing.tokens import WarehouseTokens
from quanyu.publish import grants
from quanyu.settings import PROJECT
from tests.fixtures.activation_night import DAY, KEY, TEN, Night, Post, channel
from tests.fixtures.mirror_board import Board, audience

ASKED = Query(window=timedelta(days=29), lag=timedelta(minutes=5))


class Talkative(Post):
    """A provider that passes replies on."""

    def replies(self, after: str) -> Iterable[Heard]:
        """Everything is said once."""
        return [] if after else [Heard(address="post-a", said="TD", at=TEN, cursor="1")]


@pytest.fixture
def night(dsn: str) -> Night:
    """A published night in the role of the sender; what `night.sql` does is done by the owner."""
    night = Night(dsn)
    people = [*night.people("a", "b", "c"), *night.people("a", "b", on="board")]
    night.segment("seg_quiet", people[:3], audiences=["board"])
    with warehouse.connect(dsn) as connection:
        grants.renew(connection)
        grants.require(connection)
    return night


def role(night: Night, name: str) -> str:
    """The warehouse as a member of the role sees it."""
    return psycopg.conninfo.make_conninfo(night.dsn, options=f"-c role={name}")


def as_sender(night: Night) -> Night:
    """The same night, done by the sender."""
    sender = copy.copy(night)
    sender.dsn = role(night, "quanyu_sender")
    return sender


def lose_the_next_answer(client: Post) -> None:
    def cut(_key: str, _batch: Sequence[Message]) -> None:
        client.after = None
        raise DeliveryUnknown("cut")

    client.after = cut


def settled(night: Night, client: Post, ability: Ability) -> None:
    to = channel(ability=ability)
    settle(night.dsn, to, client, lambda: night.now, night.vault, ticks=lambda: night.real)


def test_a_night_of_messages_runs_as_the_sender(night: Night) -> None:
    """Planned twice, stopped by a throttle, an answer lost and asked for, receipts and replies heard."""
    sender, client = as_sender(night), Talkative()
    sender.plan()
    sender.plan()
    with warehouse.Session(sender.dsn) as session:
        pause(session, "post", Throttled("slowly", until=night.real), ticks=lambda: night.real)
    lose_the_next_answer(client)
    assert sender.send(client, channel(ability=ASKED)).states == {"sending": 3}
    sender.later(hours=1)
    settled(sender, client, ASKED)
    assert set(night.states().values()) == {"sent"}
    keys = night.states("key")
    client.said = [Receipt(key=key, verdict=Verdict.DELIVERED) for key in keys]
    collect_receipts(sender.dsn, channel(), client, lambda: night.now, night.vault)
    assert set(night.states().values()) == {"delivered"}
    assert collect_replies(sender.dsn, channel(), client, night.vault) == 1
    assert forget_erased(sender.dsn, channel(has_receipts=False), client) == 0


def test_what_only_a_person_can_find_out_is_settled_as_the_sender(night: Night) -> None:
    sender, client = as_sender(night), Post()
    sender.plan()
    lose_the_next_answer(client)
    sender.send(client)
    sender.later(hours=1)
    settled(sender, client, Neither())
    named = [one.key for one in parked(sender.dsn)]
    assert resolve(sender.dsn, named, was_sent=True, who="Li Wei") == 3
    with warehouse.Session(sender.dsn) as session:
        pause(session, "post", SwitchedOff("410"), ticks=lambda: night.real)
    resume(sender.dsn, "post", who="Li Wei")


def mirrored(night: Night, board: Board) -> mirror.MirrorReport:
    return mirror.run(
        night.dsn,
        DAY,
        audience(),
        board.client(),
        lambda: TEN,
        night.vault,
        KEY,
        ticks=lambda: night.real,
        sleep=lambda _: None,
    )


def test_lists_are_brought_up_to_date_as_the_sender(night: Night) -> None:
    """People join and leave, and too many who leave are held."""
    sender, board = as_sender(night), Board()
    assert mirrored(sender, board).counts == {"added": 2}
    night.segment("seg_quiet", ["b", "c"], audiences=["board"], size_band={"min": 0, "max": 9, "change": 0.1})
    renew(night)
    assert list(mirrored(sender, board).held) == ["seg_quiet"]
    night.segment("seg_quiet", ["b", "c"], audiences=["board"])
    renew(night)
    assert mirrored(sender, board).counts == {"removed": 1}
    assert [row.difference for row in mirror.waterfall(sender.dsn, DAY)] == [0]


def renew(night: Night) -> None:
    """As publishing does, after the segment was made anew."""
    with warehouse.connect(night.dsn) as connection:
        grants.renew(connection)


def test_platforms_tokens_are_renewed_as_the_sender(night: Night) -> None:
    tokens = WarehouseTokens(role(night, "quanyu_sender"), night.vault, "youzan")
    for access in ("first", "second"):
        with tokens.exclusive("shop", "seed") as slot:
            slot.put(Grant(access_token=access, refresh_token="r", expires_at=TEN))
    with tokens.exclusive("shop", "seed") as slot:
        assert slot.get() == Grant(access_token="second", refresh_token="r", expires_at=TEN)


@pytest.mark.parametrize(
    "statement",
    [
        "delete from activation.opt_out",
        "update activation.opt_out set address = ''",
        "update activation.receipt set verdict = 'read'",
        "delete from activation.receipt",
        "update activation.decision set outcome = 'holdout'",
        "delete from activation.contamination",
        "update activation.hold set released_at = now()",
        "update activation.audience_hold set released_at = now()",
        "truncate activation.message",
        "insert into segments.seg_quiet values ('me')",
        "update marts.fct_consents set is_granted = true",
        "insert into ops.publication (business_date) values (now())",
        "insert into vault.secret values ('', '', '')",
        "select count(*) from vault.alias",
    ],
)
def test_the_sender_can_do_nothing_more(night: Night, statement: str) -> None:
    with (
        warehouse.connect(role(night, "quanyu_sender")) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


def tables(night: Night) -> list[str]:
    return [name for (name,) in night.rows("select tablename from pg_tables where schemaname = 'activation'")]


def may_read(night: Night, name: str) -> list[str]:
    """The tables of the ledger that a role can read."""
    found = []
    for table in tables(night):
        query = sql.SQL("select from {} limit 1").format(sql.Identifier("activation", table))
        try:
            with warehouse.connect(role(night, name)) as connection:
                connection.execute(query)
        except psycopg.errors.InsufficientPrivilege:
            continue
        found.append(table)
    return sorted(found)


def test_bi_reads_nothing_of_the_ledger_and_models_what_they_declare(night: Night) -> None:
    sources: Any = yaml.safe_load(
        (PROJECT / "dbt_project/models/marts/activation/_activation__sources.yml").read_text(encoding="utf-8")
    )
    (declared,) = [source for source in sources["sources"] if source["name"] == "activation"]
    assert may_read(night, "quanyu_bi") == []
    assert may_read(night, "quanyu_builder") == sorted(table["name"] for table in declared["tables"])
    assert may_read(night, "quanyu_sender") == sorted(tables(night))
