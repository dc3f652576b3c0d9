"""Gates: what must hold at a border is data, and what does not hold is said in counts."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from quanyu import gates, landing
from quanyu.contracts import Mode, Page
from quanyu.errors import ConfigurationError, GateFailed, Rejected
from tests.unit.landing_kit import D, Shop, raw, rows

NEXT = D + timedelta(days=1)


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Write expectations/mine.yml of the test's own."""
    monkeypatch.setattr(gates, "_SUITES", tmp_path)
    return lambda *entries: (tmp_path / "mine.yml").write_text(yaml.safe_dump(list(entries)), encoding="utf-8")


@pytest.fixture
def people(dsn: str) -> str:
    """A table of three rows to check."""
    with psycopg.connect(dsn) as connection:
        connection.execute("create schema shop")
        connection.execute(
            "create table shop.people as select * from (values (1, 'a'), (2, 'b'), (2, null)) t (id, name)"
        )
    return dsn


def _check(severity: str = "fail", **changes: Any) -> dict[str, Any]:
    return {
        "type": "expect_column_values_to_be_unique", "column": "id", "severity": severity, "reason": "ids are unique",
    } | changes  # fmt: skip


def test_a_check_that_fails_stops_and_says_what_where_and_how_many(people: str, suite: Any) -> None:
    """The exception names relation, column, reason and counts; the books hold every result, the good ones too."""
    suite({"relations": ["shop.*"], "expectations": [_check(), _check(column="name", reason="names are unique")]})
    with pytest.raises(
        GateFailed, match=r"1 of 2 expectations .* shop\.people\.id: ids are unique \(.*unique: 2 of 3\)"
    ):
        gates.check(people, "mine", D)
    assert rows(
        people,
        "select relation, column_name, severity, is_met, unexpected_count, element_count, reason"
        " from ops.gate_result order by column_name",
    ) == [
        ("shop.people", "id", "fail", False, 2, 3, "ids are unique"),
        ("shop.people", "name", "fail", True, 0, 3, "names are unique"),
    ]


def test_a_warning_is_reported_and_stops_nothing(people: str, suite: Any) -> None:
    """Severity warn is for the morning."""
    suite({"relations": ["shop.people"], "expectations": [_check("warn")]})
    report = gates.check(people, "mine", D)
    assert [str(result) for result in report.warnings] == [
        "shop.people.id: ids are unique (expect_column_values_to_be_unique: 2 of 3)"
    ]
    assert report.broken == ()


def test_checking_again_replaces_what_was_found_before(people: str, suite: Any) -> None:
    """The books show the newest look at each relation and date."""
    suite({"relations": ["shop.people"], "expectations": [_check("warn")]})
    gates.check(people, "mine", D)
    gates.check(people, "mine", NEXT)
    gates.check(people, "mine", D)
    assert rows(people, "select business_date from ops.gate_result order by 1") == [(D,), (NEXT,)]


def test_a_sentence_in_sql_is_a_check(people: str, suite: Any) -> None:
    """Rows that it finds are unexpected; the business date and the relation's name can be asked for."""
    query = "select 1 from {batch} where id = 2 and '$business_date' = '2026-11-20' and '$relation' = 'readers.people'"
    suite({
        "relations": ["readers.people"],
        "expectations": [
            _check("warn", type="unexpected_rows_expectation", column=None, kwargs={"unexpected_rows_query": query})
        ],
    })  # fmt: skip
    [result] = gates.check(people, "mine", D, {"readers.people": "shop.people"}).results
    assert (result.relation, result.is_met, result.unexpected_count) == ("readers.people", False, 2)


def test_a_check_that_cannot_run_does_not_hold_and_quotes_nothing(
    people: str, suite: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """A failing cast quotes the value in the database's error; it reaches neither error, books, logs nor terminal."""
    with psycopg.connect(people) as connection:
        connection.execute("insert into shop.people values (3, '13800138000 Zhang')")
    query = "select name::int from {batch} where name::int > 0"
    check = _check(type="unexpected_rows_expectation", column=None, kwargs={"unexpected_rows_query": query})
    suite({"relations": ["shop.people"], "expectations": [check]})
    with caplog.at_level(logging.DEBUG), pytest.raises(GateFailed, match="could not be checked") as caught:
        gates.check(people, "mine", D)
    [(books,)] = rows(people, "select gate_result::text from ops.gate_result")
    assert "13800138000" not in f"{caught.value}{books}{caplog.text}{''.join(capfd.readouterr())}"


def test_several_sentences_about_one_relation_are_all_checked(people: str, suite: Any) -> None:
    """Given a chance, Great Expectations takes two queries for one; a true double does not pass unseen."""
    queries = ["select 1 from {batch} where id = 1", "select 1 from {batch} where id = 2"]
    checks = [
        _check("warn", type="unexpected_rows_expectation", column=None, kwargs={"unexpected_rows_query": query})
        for query in [*queries, queries[0]]
    ]
    suite({"relations": ["shop.people"], "expectations": checks})
    found = gates.check(people, "mine", D).results
    assert [(result.is_met, result.unexpected_count) for result in found] == [(False, 1), (False, 2), (False, None)]


def test_only_the_relations_that_match_are_checked(people: str, suite: Any) -> None:
    """A suite for a table that does not exist, as of a source that is off, checks nothing."""
    suite(
        {"relations": ["shop.orders"], "expectations": [_check()]},
        {"relations": ["shop.p*"], "expectations": [_check("warn")]},
    )
    assert [result.relation for result in gates.check(people, "mine", D).results] == ["shop.people"]


def test_a_gate_with_nothing_to_check_does_not_pass(people: str, suite: Any) -> None:
    """An empty schema is a build that did not run, not a good night."""
    suite({"relations": ["shop.orders"], "expectations": [_check()]})
    with pytest.raises(Rejected, match="nothing to check"):
        gates.check(people, "mine", D)


@pytest.mark.parametrize(
    ("entry", "wrong"),
    [
        ({"severty": "fail"}, "severty"),
        ({"severity": "error"}, "severity"),
        ({"reason": ""}, "reason"),
        ({"type": None}, "type"),
    ],
)
def test_an_unknown_or_wrong_key_of_a_suite_is_an_error(suite: Any, entry: dict[str, Any], wrong: str) -> None:
    """Named with its file, before anything runs."""
    suite({"relations": ["shop.*"], "expectations": [_check() | entry]})
    with pytest.raises(ConfigurationError, match=rf"mine\.yml.*{wrong}"):
        gates.read_suites("mine")


def test_an_expectation_that_does_not_exist_is_an_error(people: str, suite: Any) -> None:
    """A typo in a type must not be taken for a check that holds."""
    suite({"relations": ["shop.*"], "expectations": [_check(type="expect_column_values_to_be_uniqe")]})
    with pytest.raises(ConfigurationError, match="expect_column_values_to_be_uniqe"):
        gates.check(people, "mine", D)
    with pytest.raises(ConfigurationError, match="no gate yours"):
        gates.check(people, "yours", D)


@pytest.mark.parametrize("gate", ["raw", "identity", "segments"])
def test_the_suites_that_ship_are_well_formed_and_small(gate: str) -> None:
    """A handful of checks per relation, each a query; every sentence reads its batch."""
    suites = gates.read_suites(gate)
    for relation in (pattern for suite in suites for pattern in suite.relations):
        assert sum(len(suite.expectations) for suite in suites if suite.covers(relation)) <= 9, relation
    queries = [str(c.kwargs.get("unexpected_rows_query", "{batch}")) for suite in suites for c in suite.expectations]
    assert all("{batch}" in query and " join " not in query for query in queries)


def test_a_good_reading_passes_the_raw_gate_and_gets_into_raw(dsn: str) -> None:
    """From the pen through Great Expectations into raw, once for one reading."""
    shop = Shop(Mode.DAILY, reread_days=1)
    shop.pages = [Page([{"id": 1, "amount": "1.00"}, {"id": 1380013800012, "amount": "sku 69013800138000"}], D)]
    shop.land(dsn)
    report = gates.check(dsn, "raw", D, landing.pens(dsn, D, "shop"))
    assert (report.broken, report.warnings) == ((), ())
    landing.admit(dsn, D, "shop")
    assert len(raw(dsn, "record_key")) == 2
    assert gates.check(dsn, "raw", D).results == ()


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"id": 1, "mobile": "13800138000"}, "in clear"),
        ({"id": 1, "buyer": {"mobiles": ["+8613800138000"]}}, "in clear"),
        ({"id": 1, "13800138000": True}, "in clear"),
        ({"id": 1, "buyer": {"contact_Phone": 13800138000}}, "in clear"),
        ({"id": 1, "tel": 13800138000}, "in clear"),
        ({"id": 1, "手机": [13800138000, 2]}, "in clear"),
        ({"id": 1, "mail": "zhang.san@example.com"}, "in clear"),
        ({"id": 1, "amount": "电话 13800138000 转"}, "longer text"),
    ],
)
def test_a_personal_value_that_nobody_declared_is_noticed_before_raw(
    dsn: str, record: dict[str, Any], reason: str
) -> None:
    """Alone it is refused; in a longer text it is a warning. The value is not repeated."""
    shop = Shop().holds(record)
    shop.land(dsn)
    if reason == "in clear":
        with pytest.raises(GateFailed, match=reason) as caught:
            gates.check(dsn, "raw", D)
        assert "13800138000" not in str(caught.value)
        landing.admit(dsn, D, "shop")
        assert raw(dsn, "record_key") == []
        assert "in clear" in landing.seal(dsn, D, shop.source).error
    else:
        assert [reason in str(warning) for warning in gates.check(dsn, "raw", D).warnings] == [True]


@pytest.mark.parametrize("name", ["hotel", "campaign_id"])
def test_a_number_that_looks_like_a_phone_is_one_only_under_a_name_that_says_so(dsn: str, name: str) -> None:
    Shop().holds({"id": 1, name: 13912345678}).land(dsn)
    assert gates.check(dsn, "raw", D).broken == ()


def test_a_key_that_looks_like_a_mobile_number_is_refused_unless_the_platform_writes_it_as_a_number(dsn: str) -> None:
    """An advertisement's id may have eleven digits and begin with 13; a phone comes as text."""
    shop = Shop(key=("id",), fields={"id": "integer"}).holds({"id": 13912345678})
    shop.land(dsn)
    assert gates.check(dsn, "raw", D).broken == ()
    typed = Shop(key=("id",), fields={"id": "text"}).holds({"id": "13912345678"})
    typed.land(dsn)
    with pytest.raises(GateFailed, match="in clear"):
        gates.check(dsn, "raw", D)


def test_rows_of_a_day_that_was_not_read_are_refused(dsn: str) -> None:
    """They would land and never be read again."""
    shop = Shop(Mode.DAILY)
    shop.pages = [Page([{"id": 1}], NEXT)]
    shop.land(dsn)
    with pytest.raises(GateFailed, match="belong to a day that was read"):
        gates.check(dsn, "raw", D)


def test_half_a_population_is_refused(dsn: str) -> None:
    """A platform that sent a part of the fans does not unsubscribe the others; a small shop may shrink."""
    shop = Shop(Mode.SNAPSHOT).holds(*({"id": n} for n in range(40)))
    shop.night(dsn)
    shop.holds(*({"id": n} for n in range(19))).land(dsn, NEXT)
    with pytest.raises(GateFailed, match="shrink by half"):
        gates.check(dsn, "raw", NEXT)
    landing.admit(dsn, NEXT, "shop")
    assert rows(dsn, "select count(*) from raw.shop__rows where is_deleted") == [(0,)]
    shop.holds(*({"id": n} for n in range(21))).land(dsn, NEXT)
    assert gates.check(dsn, "raw", NEXT).broken == ()
