"""Landing: a reading reaches raw whole or not at all, once, with the books saying what happened."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from quanyu import landing
from quanyu.contracts import Mode, Page, Personal, Window
from quanyu.errors import ConfigurationError, QuanyuError, Rejected, Retryable, SchemaDrift
from tests.unit.landing_kit import SHOP, VAULT, D, Shop, gate, loads, raw, rows

NEXT = D + timedelta(days=1)


def test_a_night_brings_rows_into_raw(dsn: str) -> None:
    """Key, version, payload and the account that scopes them, with counts in the books."""
    shop = Shop(version="modified", fields={"id": "integer", "modified": "text"})
    shop.holds({"id": 2**60 + 1, "modified": "2026-11-20 10:00:00"}, {"id": 2, "modified": "2026-11-20 11:00:00"})
    shop.night(dsn)
    assert raw(dsn, "account", "record_key", "version", "is_deleted", "landed_on", "payload ->> 'id'") == [
        ("shop-1", "1152921504606846977", "2026-11-20 10:00:00", False, D, "1152921504606846977"),
        ("shop-1", "2", "2026-11-20 11:00:00", False, D, "2"),
    ]
    assert loads(dsn, "status", "account", "mode", "rows_read", "rows_landed", "rows_new", "rows_deleted", "error") == [
        ("admitted", "shop-1", "increment", 2, 2, 2, 0, "")
    ]


def test_the_first_reading_takes_the_history_and_later_ones_the_last_days(dsn: str) -> None:
    """Also after a missed night, whose days are read with the next one."""
    shop = Shop(reread_days=1).holds({"id": 1})
    for day in (D, NEXT, D + timedelta(days=4)):
        shop.night(dsn, day)
    assert shop.windows == [
        Window.of_days(date(2026, 10, 21), D),
        Window.of_days(D, NEXT),
        Window.of_days(NEXT, D + timedelta(days=4)),
    ]


def test_running_the_first_date_again_takes_the_history_again(dsn: str) -> None:
    """A re-run reads what the run read, so that a mended source mends all of it."""
    shop = Shop().holds({"id": 1})
    shop.night(dsn)
    shop.night(dsn)
    assert shop.windows[0] == shop.windows[1]


def test_a_reading_that_did_not_get_into_raw_counts_for_nothing(dsn: str) -> None:
    """The next night reads the history that was never admitted."""
    shop = Shop().holds({"id": 1})
    shop.land(dsn)
    shop.night(dsn, NEXT)
    assert shop.windows[1] == Window.of_days(NEXT - timedelta(days=30), NEXT)


@pytest.mark.parametrize("mode", list(Mode))
def test_running_a_date_again_leaves_raw_as_it_is(dsn: str, mode: Mode) -> None:
    """Row for row, load ids and times included."""
    shop = Shop(mode)
    day = D if mode is Mode.DAILY else None
    shop.pages = [Page([{"id": 1, "amount": "1.00"}, {"id": 2, "amount": "2.00"}], day)]
    shop.night(dsn)
    shop.pages = [Page([{"id": 2, "amount": "2.50"}], NEXT if mode is Mode.DAILY else None)]
    shop.night(dsn, NEXT)
    before = rows(dsn, "select r::text from raw.shop__rows r order by 1")
    shop.night(dsn, NEXT)
    assert rows(dsn, "select r::text from raw.shop__rows r order by 1") == before


def test_running_an_older_date_again_does_not_disturb_the_newer_one(dsn: str) -> None:
    """The older date holds what was read for it now; the newest version of each row stays the newest."""
    shop = Shop(Mode.SNAPSHOT)
    shop.holds({"id": 1, "amount": "1"}).night(dsn, D)
    shop.holds({"id": 1, "amount": "2"}).night(dsn, NEXT)
    newest = raw(dsn, "shop__rows::text")[-1]
    shop.holds({"id": 1, "amount": "2"}, {"id": 2}).night(dsn, D)
    assert raw(dsn, "record_key", "version", "payload ->> 'amount'") == [
        ("1", "2026-11-20", "2"),
        ("1", "2026-11-21", "2"),
        ("2", "2026-11-20", None),
    ]
    assert raw(dsn, "shop__rows::text")[1] == newest


def test_of_a_key_read_twice_the_newest_version_wins(dsn: str) -> None:
    """By the platform's change time, whatever the order of pages; without one, the last that was read."""
    shop = Shop(version="amount", fields={"id": "integer", "amount": "text"})
    shop.holds({"id": 1, "amount": "2026-11-20"}, {"id": 1, "amount": "2026-11-19"}).night(dsn)
    assert raw(dsn, "version") == [("2026-11-20",)]
    assert loads(dsn, "rows_read", "rows_landed") == [(2, 1)]


def test_without_a_change_time_the_last_reading_of_a_key_wins(dsn: str) -> None:
    """A row that moved to the next page while we read is one row."""
    Shop().holds({"id": 1, "amount": "1"}, {"id": 1, "amount": "2"}).night(dsn)
    assert raw(dsn, "version", "payload ->> 'amount'") == [("2026-11-20", "2")]


def test_an_unchanged_row_makes_no_new_version(dsn: str) -> None:
    """Neither does another order of its fields; a change does, and says when it landed."""
    shop = Shop(Mode.SNAPSHOT)
    shop.holds({"id": 1, "amount": "1"}, {"id": 2, "amount": "1"}).night(dsn)
    shop.holds({"amount": "1", "id": 1}, {"id": 2, "amount": "2"}).night(dsn, NEXT)
    assert raw(dsn, "record_key", "version", "landed_on") == [
        ("1", "2026-11-20", D),
        ("2", "2026-11-20", D),
        ("2", "2026-11-21", NEXT),
    ]


def test_a_late_version_takes_its_place_before_the_newer_one(dsn: str) -> None:
    """Out-of-order changes are kept, and the newest stays the newest."""
    shop = Shop(version="at", fields={"id": "integer", "at": "text"})
    shop.holds({"id": 1, "at": "2026-11-20 12:00:00"}).night(dsn)
    shop.holds({"id": 1, "at": "2026-11-20 09:00:00"}).night(dsn, NEXT)
    assert raw(dsn, "version", "landed_on") == [("2026-11-20 09:00:00", NEXT), ("2026-11-20 12:00:00", D)]


def test_an_absent_row_of_a_snapshot_was_deleted_and_may_come_back(dsn: str) -> None:
    """The tombstone keeps the last payload."""
    shop = Shop(Mode.SNAPSHOT)
    shop.holds({"id": 1, "amount": "1"}, {"id": 2}).night(dsn)
    shop.holds({"id": 2}).night(dsn, NEXT)
    shop.holds({"id": 2}).night(dsn, D + timedelta(days=2))
    shop.holds({"id": 1, "amount": "1"}, {"id": 2}).night(dsn, D + timedelta(days=3))
    assert [
        row for row in raw(dsn, "record_key", "version", "is_deleted", "payload ->> 'amount'") if row[0] == "1"
    ] == [
        ("1", "2026-11-20", False, "1"),
        ("1", "2026-11-21", True, "1"),
        ("1", "2026-11-23", False, "1"),
    ]
    assert loads(dsn, "rows_new", "rows_deleted") == [(2, 0), (0, 1), (0, 0), (1, 0)]


def test_an_absent_row_of_a_day_was_withdrawn_and_other_days_stay(dsn: str) -> None:
    """Also when the day became empty; days outside of the window are not judged."""
    shop = Shop(Mode.DAILY, reread_days=1)
    old, late = D - timedelta(days=9), D
    shop.pages = [Page([{"id": 1}], old), Page([{"id": 2}, {"id": 3}], late)]
    shop.night(dsn)
    shop.pages = [Page([], late), Page([{"id": 4}], NEXT)]
    shop.night(dsn, NEXT)
    assert raw(dsn, "record_key", "version", "business_date", "is_deleted") == [
        ("1", "2026-11-20", old, False),
        ("2", "2026-11-20", D, False),
        ("2", "2026-11-21", D, True),
        ("3", "2026-11-20", D, False),
        ("3", "2026-11-21", D, True),
        ("4", "2026-11-21", NEXT, False),
    ]


def test_a_row_that_moved_to_another_day_is_not_withdrawn(dsn: str) -> None:
    """A correction moved it to an earlier day; later its old day is still read again and its new day no longer is."""
    shop = Shop(Mode.DAILY, reread_days=3)
    for night, day in ((D, D), (NEXT, D - timedelta(days=2))):
        shop.pages = [Page([{"id": 1}], day)]
        shop.night(dsn, night)
    shop.pages = []
    shop.night(dsn, D + timedelta(days=2))
    assert raw(dsn, "version", "business_date", "is_deleted") == [
        ("2026-11-20", D, False),
        ("2026-11-21", D - timedelta(days=2), False),
    ]


def test_an_increment_deletes_nothing(dsn: str) -> None:
    """Absent rows are unchanged."""
    shop = Shop().holds({"id": 1})
    shop.night(dsn)
    shop.holds().night(dsn, NEXT)
    assert raw(dsn, "record_key", "is_deleted") == [("1", False)]


def test_half_a_reading_leaves_everything_as_it_was(dsn: str) -> None:
    """The platform failed on page two: pen, raw and vault hold the night before, and the books say why."""
    shop = Shop(Mode.SNAPSHOT, personal={"amount": Personal.NAME}).holds({"id": 1, "amount": "Anna"})
    shop.night(dsn)
    before = [
        rows(dsn, f"select t::text from {table} t order by 1") for table in ("landing.shop__rows", "vault.secret")
    ]
    shop.pages = [Page([{"id": 2, "amount": "Bert"}]), Retryable("the platform answered 502.", remedy="wait.")]
    with pytest.raises(Retryable) as caught:
        shop.land(dsn, NEXT)
    assert str(caught.value) == "shop.rows 2026-11-21: the platform answered 502. What to do: wait."
    gate(dsn, NEXT)
    landing.admit(dsn, NEXT, "shop")
    after = [rows(dsn, f"select t::text from {table} t order by 1") for table in ("landing.shop__rows", "vault.secret")]
    assert after == before
    assert raw(dsn, "record_key", "is_deleted") == [("1", False)]
    assert loads(dsn, "status", "error_class", "error", "remedy")[-1] == (
        "failed", "Retryable", "the platform answered 502.", "wait.",
    )  # fmt: skip


def test_a_defect_in_a_source_is_reported_without_what_it_held(dsn: str) -> None:
    """Exceptions of code quote values; the books and the logs get the kind of error and its line."""
    shop = Shop()
    shop.pages = [KeyError("13800138000")]
    with pytest.raises(Rejected, match=r"KeyError at landing_kit\.py:\d+") as caught:
        shop.land(dsn)
    assert "13800138000" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    [(text,)] = loads(dsn, "entity_load::text")
    assert "13800138000" not in text


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"amount": "1.00"}, "id: missing"),
        ({"id": 1, "amount": 1.5}, "amount: expected text, got number"),
        ({"id": "1"}, "id: expected integer, got text"),
        ({"id": True}, "id: expected integer, got boolean"),
        ({"id": None}, "id: null, expected integer"),
    ],
)
def test_a_drift_freezes_the_entity_and_names_the_rows(dsn: str, record: dict[str, Any], reason: str) -> None:
    """One bad row of two: nothing lands, its key and reason are kept, raw stays."""
    shop = Shop()
    shop.holds({"id": 7}).night(dsn)
    shop.holds({"id": 8}, record)
    with pytest.raises(SchemaDrift, match=r"1 of 2 rows .* \((id|amount)\)"):
        shop.night(dsn, NEXT)
    assert raw(dsn, "record_key") == [("7",)]
    assert rows(dsn, "select record_key, reason from ops.quarantine") == [(str(record.get("id")), reason)]
    assert loads(dsn, "status", "error_class", "rows_read", "rows_quarantined")[-1] == ("failed", "SchemaDrift", 2, 1)


@pytest.mark.parametrize("record", [7, None, "13800138000", ["a"]])
def test_a_record_that_is_no_object_is_drift(dsn: str, record: Any) -> None:
    """Not a defect of ours, and nothing of it is kept."""
    with pytest.raises(SchemaDrift, match="1 of 2 rows"):
        Shop(personal={"amount": Personal.PHONE}).holds({"id": 8}, record).land(dsn)
    assert [key for (key,) in rows(dsn, "select record_key from ops.quarantine")] == ["None"]


def test_a_drift_found_while_rows_are_on_their_way_is_entered_all_the_same(dsn: str) -> None:
    """Rows are sent beside the reading, over the connection that enters the refusals."""
    shop = Shop()
    shop.pages = [
        Page([{"id": n, "amount": "x" * 500} for n in range(start, start + 6000)]) for start in range(0, 30_000, 6000)
    ]
    shop.pages = [*shop.pages, Page([{"id": "1"}])]
    with pytest.raises(SchemaDrift, match="1 of 30001 rows"):
        shop.land(dsn)
    assert rows(dsn, "select record_key from ops.quarantine") == [("1",)]
    assert loads(dsn, "status", "error_class", "rows_read", "rows_quarantined") == [
        ("failed", "SchemaDrift", 30_001, 1)
    ]


def test_a_new_field_lands_and_is_reported(dsn: str) -> None:
    """The platform added something: nobody has to get up at night. A name that is a phone is not repeated."""
    Shop().holds({"id": 1, "colour": "red", "by_phone": 1, "13800138000": 1}).night(dsn)
    assert raw(dsn, "payload ->> 'colour'") == [("red",)]
    assert loads(dsn, "new_fields") == [(["#", "by_phone", "colour"],)]


def test_personal_values_land_as_tokens(dsn: str) -> None:
    """In objects and lists; blank stays null; the vault can give them back, with the aliases of the phone."""
    shop = Shop(
        fields={"id": "integer", "who.name": "text?", "who.phones[]": "text?", "born": "text?"},
        personal={"who.name": Personal.NAME, "who.phones[]": Personal.PHONE, "born": Personal.BIRTHDAY},
    )
    shop.holds(
        {"id": 1, "who": {"name": "张三", "phones": ["138 0013 8000", "138****8000", ""]}, "born": "1990-02-09"},
        {"id": 2, "who": {"name": " ", "phones": []}, "born": None},
    ).night(dsn)
    phone, name = VAULT.tokenise(Personal.PHONE, "13800138000"), VAULT.tokenise(Personal.NAME, "张三")
    masked = VAULT.tokenise(Personal.PHONE, "138****8000")
    assert raw(dsn, "payload") == [
        ({"id": 1, "who": {"name": name.token, "phones": [phone.token, masked.token, None]}, "born": "--0209"},),
        ({"id": 2, "who": {"name": None, "phones": []}, "born": None},),
    ]
    assert {token for (token,) in rows(dsn, "select token from vault.secret")} == {
        phone.token,
        name.token,
        masked.token,
    }
    assert rows(dsn, "select distinct token from vault.alias") == [(phone.token,)]


def test_a_personal_field_that_became_a_number_still_lands_as_a_token(dsn: str) -> None:
    """What is not declared as text is tokenised all the same."""
    Shop(fields={"id": "integer"}, personal={"phone": Personal.PHONE}).holds({"id": 1, "phone": 13800138000}).night(dsn)
    assert raw(dsn, "payload ->> 'phone'") == [(VAULT.tokenise(Personal.PHONE, "13800138000").token,)]


def test_a_personal_key_is_a_token_in_the_books_too(dsn: str) -> None:
    """Neither the row's key nor a refused row's key shows the phone."""
    shop = Shop(key=("phone",), fields={"phone": "text", "n": "integer"}, personal={"phone": Personal.PHONE})
    token = VAULT.tokenise(Personal.PHONE, "13800138000").token
    shop.holds({"phone": "13800138000", "n": 1}).night(dsn)
    assert raw(dsn, "record_key") == [(token,)]
    with pytest.raises(SchemaDrift):
        shop.holds({"phone": "13800138000", "n": "x"}).land(dsn, NEXT)
    assert rows(dsn, "select record_key from ops.quarantine") == [(token,)]


def test_characters_that_postgres_cannot_store_do_not_stop_a_night(dsn: str) -> None:
    """NUL goes, half a surrogate pair becomes a question mark, a backslash before u0000 stays text."""
    Shop().holds({"id": 1, "amount": "a\x00b\ud83d"}, {"id": 2, "amount": "\\u0000"}).night(dsn)
    assert raw(dsn, "payload ->> 'amount'") == [("ab?",), ("\\u0000",)]


def test_what_json_cannot_say_is_drift(dsn: str) -> None:
    """NaN would land and break every model that reads it."""
    with pytest.raises(SchemaDrift):
        Shop(fields={"id": "integer"}).holds({"id": 1, "share": float("nan")}).land(dsn)


def test_a_reading_larger_than_a_batch_lands_whole(dsn: str) -> None:
    """Batches are ours to choose; the pen sees one load."""
    shop = Shop(personal={"amount": Personal.NAME})
    shop.pages = [
        Page([{"id": n, "amount": f"name {n % 100}"} for n in range(start, start + 3000)]) for start in (0, 3000)
    ]
    shop.night(dsn)
    assert rows(dsn, "select count(*) from raw.shop__rows") == [(6000,)]
    assert rows(dsn, "select count(*) from vault.secret") == [(100,)]


def test_no_gate_no_admission(dsn: str) -> None:
    """A pen that nothing has checked keeps waiting; so does one whose check is older than the load."""
    shop = Shop().holds({"id": 1})
    gate(dsn)
    shop.land(dsn)
    landing.admit(dsn, D, "shop")
    assert raw(dsn, "record_key") == []
    assert landing.pens(dsn, D) == {"landing.shop__rows": "landing.shop__rows"}
    assert landing.seal(dsn, D, shop.source).error == "rows: no gate has let it through"


def test_a_refused_pen_leaves_raw_as_it_was(dsn: str) -> None:
    """The load is rejected with the reason of the expectation; a warning refuses nothing."""
    shop = Shop().holds({"id": 1})
    shop.night(dsn)
    shop.holds({"id": 2}).land(dsn, NEXT)
    gate(dsn, NEXT)
    gate(dsn, NEXT, is_met=False)
    landing.admit(dsn, NEXT, "shop")
    assert raw(dsn, "record_key") == [("1",)]
    assert loads(dsn, "status", "error")[-1] == ("rejected", "the raw gate did not hold: something holds")
    shop.holds({"id": 3}).land(dsn, NEXT)
    gate(dsn, NEXT, is_met=False, severity="warn")
    landing.admit(dsn, NEXT, "shop")
    assert raw(dsn, "record_key") == [("1",), ("3",)]


def test_a_pen_taken_by_another_date_is_not_merged(dsn: str) -> None:
    """Two dates at once: the later reading owns the pen, the earlier one is failed and must run again."""
    shop = Shop(Mode.SNAPSHOT).holds({"id": 1})
    shop.land(dsn, D)
    shop.land(dsn, NEXT)
    gate(dsn, D)
    gate(dsn, NEXT)
    landing.admit(dsn, D, "shop")
    landing.admit(dsn, NEXT, "shop")
    assert raw(dsn, "version") == [("2026-11-21",)]
    assert loads(dsn, "status") == [("failed",), ("admitted",)]


def test_an_emptied_pen_is_not_taken_for_a_platform_that_lost_everybody(dsn: str) -> None:
    """Somebody truncated the pen: refused, no tombstones."""
    shop = Shop(Mode.SNAPSHOT).holds({"id": 1})
    shop.night(dsn)
    shop.land(dsn, NEXT)
    rows(dsn, "with gone as (delete from landing.shop__rows returning 1) select * from gone")
    gate(dsn, NEXT)
    landing.admit(dsn, NEXT, "shop")
    assert raw(dsn, "is_deleted") == [(False,)]
    assert loads(dsn, "status")[-1] == ("rejected",)


def test_the_night_of_a_source_is_complete_stale_or_failed(dsn: str) -> None:
    """All entities, some, none; and it is sealed only by seal."""
    good, bad = Shop(), Shop()
    both = type(good.source)(
        name="shop", about="", entities=(good.entity, _named(bad, "more")), connect=good.source.connect
    )
    assert not landing.sealed(dsn, D, ["shop"])
    good.holds({"id": 1})
    good.source = both
    good.land(dsn)
    assert not landing.sealed(dsn, D, ["shop"])
    failed = landing.seal(dsn, D, both)
    assert (failed.status, failed.error) == ("failed", "rows: no gate has let it through; more: was never read")
    gate(dsn)
    landing.admit(dsn, D, "shop")
    stale = landing.seal(dsn, D, both)
    assert (stale.status, stale.rows_read, stale.rows_new, stale.error) == ("stale", 1, 1, "more: was never read")
    assert landing.seal(dsn, D, Shop().source).status == "complete"
    assert landing.sealed(dsn, D, ["shop"])
    assert landing.sealed(dsn, D, [])
    assert not landing.sealed(dsn, D, ["shop", "other"])
    good.land(dsn)
    assert not landing.sealed(dsn, D, ["shop"])


def _named(shop: Shop, name: str) -> Any:
    entity = shop.entity
    return type(entity)(name=name, key=entity.key, mode=entity.mode, fields=entity.fields, read=entity.read)


def test_a_page_must_say_its_day_exactly_when_the_mode_is_daily(dsn: str) -> None:
    """Otherwise rows would belong to no day, or to one that nobody reads."""
    with pytest.raises(Rejected, match="without a day"):
        Shop(Mode.DAILY).holds({"id": 1}).land(dsn)
    shop = Shop()
    shop.pages = [Page([{"id": 1}], D)]
    with pytest.raises(Rejected, match="with a day"):
        shop.land(dsn)


def test_a_version_on_rows_that_may_vanish_is_refused(dsn: str) -> None:
    """A tombstone has no change time of the platform's to be compared with."""
    shop = Shop(Mode.SNAPSHOT, version="amount")
    with pytest.raises(ConfigurationError, match="declares a version"):
        shop.land(dsn)


def test_two_accounts_of_a_platform_do_not_bury_each_other(dsn: str) -> None:
    """Rows are scoped by the account they came from."""
    shop = Shop(Mode.SNAPSHOT).holds({"id": 1})
    shop.night(dsn)
    other = type(SHOP)(name="shop", url="http://127.0.0.1:9", extra={"account": "shop-2"})
    landing.land(shop.source, shop.entity, other, NEXT, dsn=dsn, vault=VAULT, history_days=30)
    gate(dsn, NEXT)
    landing.admit(dsn, NEXT, "shop")
    assert raw(dsn, "account", "is_deleted") == [("shop-1", False), ("shop-2", False)]
    assert shop.windows[1] == Window.of_days(NEXT - timedelta(days=30), NEXT)


def test_a_dead_warehouse_is_worth_another_try(dsn: str) -> None:
    """The error names the place of the database, not its password."""
    with pytest.raises(QuanyuError, match="does not answer") as caught:
        Shop().land("postgresql://quanyu:secret-word@127.0.0.1:1/quanyu")
    assert "secret-word" not in str(caught.value)
