"""Which days a night reads, when a platform has them late and when a backfill asks for others."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest

from quanyu import landing
from quanyu.contracts import SHANGHAI, Mode, Window
from quanyu.landing import reading
from tests.unit.landing_kit import SHOP, VAULT, D, Shop, gate

NEXT = D + timedelta(days=1)


def _at(hour: int, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.combine(NEXT, time(hour), SHANGHAI)
    monkeypatch.setattr(reading, "utc_now", lambda: now)


def _cube() -> Shop:
    return Shop(Mode.INCREMENT, ready_at=time(10), reread_days=3)


def test_a_night_before_the_platform_is_ready_leaves_yesterday_to_the_next_night(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = _cube().holds({"id": 1})
    _at(2, monkeypatch)
    shop.night(dsn, D)
    assert shop.windows == [Window.of_days(D - timedelta(days=31), D - timedelta(days=1))]
    monkeypatch.undo()
    shop.night(dsn, NEXT)
    assert shop.windows[1] == Window.of_days(D - timedelta(days=3), NEXT)


def test_a_night_after_the_platform_is_ready_reads_yesterday(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = _cube().holds({"id": 1})
    _at(10, monkeypatch)
    shop.land(dsn, D)
    assert shop.windows == [Window.of_days(D - timedelta(days=30), D)]


def test_a_night_that_has_nothing_to_read_yet_reads_the_day_before_again(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(Mode.INCREMENT, ready_at=time(10)).holds({"id": 1})
    before = D - timedelta(days=1)
    shop.night(dsn, before)
    _at(2, monkeypatch)
    shop.land(dsn, D)
    assert shop.windows[1] == Window.of_days(before, before)


def test_a_backfill_reads_the_days_it_names_and_the_next_night_goes_on_where_the_nights_ended(dsn: str) -> None:
    shop = Shop().holds({"id": 1})
    asked = Window.of_days(D - timedelta(days=90), D - timedelta(days=60))
    landing.land(shop.source, shop.entity, SHOP, D, dsn=dsn, vault=VAULT, history_days=30, window=asked)
    gate(dsn, D)
    landing.admit(dsn, D, "shop")
    assert shop.windows == [asked]
    shop.land(dsn, NEXT)
    # No night was run yet: only the backfill's own days count as read.
    assert shop.windows[1] == Window.of_days(D - timedelta(days=59), NEXT)
