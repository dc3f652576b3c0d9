"""A reading that is killed, runs beside another one, or loses its pen in a crash of the server."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from quanyu import landing, warehouse
from quanyu.contracts import Mode, Page
from quanyu.local.postgres import EmbeddedPostgres
from tests.unit.landing_kit import D, Shop, gate, loads, raw, rows

NEXT = D + timedelta(days=1)


def _load_tables(dsn: str) -> list[str]:
    return [name for (name,) in rows(dsn, r"select tablename from pg_tables where tablename like 'load\_%%'")]


def test_what_a_killed_reading_left_behind_goes_with_the_next_one(dsn: str) -> None:
    """Nobody caught it, so nobody could drop its table; what it read is nowhere else."""

    def killed() -> Iterator[Page]:
        yield Page([{"id": n} for n in range(6000)])
        raise KeyboardInterrupt

    shop = Shop()
    shop.pages = killed()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        shop.land(dsn)
    assert _load_tables(dsn) == ["load_1"]
    shop.holds({"id": 1}).night(dsn)
    assert _load_tables(dsn) == []
    assert raw(dsn, "record_key") == [("1",)]


def test_two_readings_at_once_do_not_take_each_others_rows(dsn: str) -> None:
    """A night begins and ends while a backfill is under way: both are whole, and the last to end owns the pen."""
    night = Shop().holds({"id": 2}, {"id": 3})
    backfill = Shop()

    def meanwhile() -> Iterator[Page]:
        yield Page([{"id": n} for n in range(6000)])
        night.land(dsn, NEXT)
        yield Page([{"id": 6000}])

    backfill.pages = meanwhile()  # type: ignore[assignment]
    backfill.land(dsn)
    assert rows(dsn, "select count(*), min(load_id), max(load_id) from landing.shop__rows") == [(6001, 1, 1)]
    assert loads(dsn, "status", "rows_landed") == [("landed", 6001), ("failed", 2)]
    assert _load_tables(dsn) == []


def test_the_later_of_two_equal_versions_wins_wherever_it_lies(dsn: str) -> None:
    """Postgres puts a small row into the gap that a large one left open pages before."""
    dice = random.Random(1)
    sizes = [dice.choice((20, 300, 900)) for _ in range(20_000)]
    shop = Shop()
    shop.pages = [
        Page([{"id": n // 2, "amount": f"{n:06d}" + dice.randbytes(size).hex()} for n, size in enumerate(sizes)])
    ]
    shop.land(dsn)
    assert rows(dsn, "select count(*), count(*) filter (where left(payload ->> 'amount', 6)::int %% 2 = 1)"
                " from landing.shop__rows") == [(10_000, 10_000)]  # fmt: skip


def test_a_pen_lost_in_a_crash_of_the_server_is_refused_and_read_again(tmp_path: Path) -> None:
    """The pen is not logged. Emptied, it looks like a platform that lost everybody, and nobody is buried."""
    server = EmbeddedPostgres(tmp_path).start()
    try:
        with warehouse.connect(server.url()) as connection:
            warehouse.migrate(connection)
        shop = Shop(Mode.SNAPSHOT).holds({"id": 1})
        shop.night(server.url())
        shop.holds({"id": 1}, {"id": 2}).land(server.url(), NEXT)
        _crash(server)
        gate(server.url(), NEXT)
        landing.admit(server.url(), NEXT, "shop")
        assert loads(server.url(), "status", "error")[-1] == ("rejected", "the pen no longer holds this load")
        assert raw(server.url(), "record_key", "is_deleted") == [("1", False)]
        shop.night(server.url(), NEXT)
        assert raw(server.url(), "record_key", "is_deleted") == [("1", False), ("2", False)]
    finally:
        server.stop()


def _crash(server: EmbeddedPostgres) -> None:
    """End the server as a power cut would: it recovers from its log at the next start."""
    pid = int((server.folder / "data" / "postmaster.pid").read_text().split("\n", 1)[0])
    os.kill(pid, signal.SIGQUIT)
    psutil.Process(pid).wait(timeout=20)
    server.start()
