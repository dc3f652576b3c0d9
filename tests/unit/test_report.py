"""The report says what the night's books say, draws it, and shows no value of a person."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from quanyu import warehouse
from quanyu.activation import PARTS, WaterfallRow
from quanyu.report import night_report, render_html, render_terminal
from quanyu.report.mart_pictures import (
    attribution_picture,
    flows_picture,
    funnel_picture,
    links_picture,
    retention_picture,
)
from quanyu.report.marts import Cohort, Credit, Flow, FunnelCell, Link
from quanyu.report.night import Evidence
from quanyu.report.pictures import identity_picture, waterfall_picture

DAY = date(2026, 11, 20)


@pytest.fixture
def bad_night(dsn: str) -> str:
    """One source came, one was down; nothing was published."""
    with warehouse.connect(dsn) as connection:
        connection.execute(
            "insert into ops.entity_load (business_date, source, entity, status, window_start, window_end, rows_read,"
            " rows_new, new_fields, error_class, error, remedy, finished_at) values"
            " (%(day)s, 'tmall', 'trades', 'admitted', %(day)s, %(day)s, 1234, 1200, '{is_gift}', '', '', '', now()),"
            " (%(day)s, 'store', 'visits', 'failed', %(day)s, %(day)s, 0, 0, '{}', 'Retryable',"
            " 'store.visits 2026-11-20: no connection.', 'check the host.', now())",
            {"day": DAY},
        )
        connection.execute(
            "insert into ops.source_night (business_date, source, status, error) values"
            " (%(day)s, 'tmall', 'complete', ''), (%(day)s, 'store', 'failed', 'visits: no connection')",
            {"day": DAY},
        )
        connection.execute(
            "insert into ops.gate_result (business_date, gate, relation, expectation, severity, is_met, reason)"
            " values (%s, 'raw', 'landing.tmall__trades', 'x', 'warn', false, 'every trade names its buyer')",
            [DAY],
        )
    return dsn


def test_the_terminal_names_the_source_that_was_down_and_what_to_do(bad_night: str) -> None:
    console = Console(record=True, width=160)
    render_terminal(night_report(bad_night, DAY), console)
    text = console.export_text()
    assert "store.visits 2026-11-20: no connection. check the host." in text
    assert "store is failed" in text
    assert "1,234" in text
    assert "new fields: is_gift" in text
    assert "marts not published" in text


def test_the_page_says_the_same_and_fetches_nothing(bad_night: str, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    render_html(night_report(bad_night, DAY, truth={"precision": 0.9991}), page)
    text = page.read_text(encoding="utf-8")
    assert "readers keep the last good night" in text
    assert "check the host." in text
    assert "every trade names its buyer" in text
    assert "0.9991" in text
    outside = [url for url in re.findall(r"(?:src|href)=\"([^\"#]+)", text) if "://" in url]
    assert outside == []


def test_a_night_that_never_was_is_an_empty_report(dsn: str, tmp_path: Path) -> None:
    night = night_report(dsn, DAY)
    assert (night.loads, night.waterfall, night.total.difference) == ([], [], 0)
    render_html(night, tmp_path / "report.html")
    render_terminal(night, Console(record=True))


def test_pictures_keep_their_words_as_text_so_that_chinese_is_legible() -> None:
    cells = [FunnelCell(stage="action", channel="tmall", events=7, customers=6, revenue_fen=100)]
    assert "Action 购买" in funnel_picture(cells)
    edge = Evidence(account_type="store_member", account_id="8800", identifier_type="phone", identifier_value="ph_1")
    assert "phone  ph_1" in identity_picture([edge])


def test_the_waterfall_picture_steps_down_to_what_was_sent() -> None:
    parts = dict.fromkeys(PARTS, 0) | {"sent": 6, "no_consent": 3, "holdout": 1}
    picture = waterfall_picture(WaterfallRow(segment="all", audience=10, delivered=0, parts=parts))
    for words in (">10<", "-3<", "-1<", ">6<", "holdout"):
        assert words in picture
    assert "capped" not in picture


def test_pictures_are_the_same_for_the_same_night() -> None:
    cells = [FunnelCell(stage="search", channel="store", events=3, customers=3, revenue_fen=0)]
    assert funnel_picture(cells) == funnel_picture(cells)


def test_the_flows_picture_adds_up_on_both_sides() -> None:
    moves = {("new", "awareness"): 40, ("awareness", "purchase"): 2, ("awareness", "awareness"): 300}
    picture = flows_picture([Flow(before=a, after=b, people=people) for (a, b), people in moves.items()])
    for words in ("New 新增  40", "Awareness 认知  302", "Awareness 认知  340", "Purchase 购买  2"):
        assert words in picture
    assert "Loyalty" not in picture


def test_the_retention_picture_shows_shares_of_the_cohort() -> None:
    cohorts = [Cohort(cohort="2026-09", period=0, size=40, customers=40)]
    picture = retention_picture([*cohorts, Cohort(cohort="2026-09", period=2, size=40, customers=5)])
    for words in ("2026-09  (40)", ">100%<", ">12%<"):
        assert words in picture


def test_the_attribution_picture_shows_the_largest_channels_of_every_model() -> None:
    picture = attribution_picture(
        [
            Credit(model=model, channel=f"channel-{n}", credit_fen=n * 100)
            for n in range(12)
            for model in ("first", "last")
        ]
    )
    for words in ("first 首次", "last 末次", "channel-11", "channel-4"):
        assert words in picture
    assert "channel-3" not in picture


def test_the_picture_of_links_names_what_is_broken_in_red() -> None:
    link = {"journey": "wechat_loop", "reached": 300}
    whole = Link(**link, step=1, before="article", after="follow", passed=150, is_broken=False)
    assert "#c0563c" not in links_picture([whole])
    cut = Link(**link, step=2, before="follow", after="contact_added", passed=0, is_broken=True)
    picture = links_picture([whole, cut])
    for words in ("wechat loop", "50% of 300", "0% of 300", "contact added", "#c0563c"):
        assert words in picture
    assert "so far" not in picture
    still = Link(**link, step=1, before="article", after="follow", passed=3, is_broken=False, is_open=True)
    assert "1% of 300 so far" in links_picture([still])
