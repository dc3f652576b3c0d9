"""Briefs for the content teams: crowds, never persons, and the same files however often they are written."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quanyu.activation.handoff import FEWEST, grouped, hand_over
from quanyu.contracts import Connection
from quanyu.errors import Rejected
from tests.fixtures.activation_night import DAY, Night


@pytest.fixture
def night(dsn: str) -> Night:
    night = Night(dsn)
    with night.sql() as cursor:
        cursor.execute(
            "alter table marts.dim_customers add column tier int, add column lifecycle text, add column home_store text"
        )
    return night


def crowd(night: Night, segment: str, *groups: tuple[int, int, str, str]) -> None:
    """Publish a segment of so many people of a tier, a stage of life and a store."""
    people = [
        (f"{segment}-{number}-{at}", tier, lifecycle, store)
        for number, (count, tier, lifecycle, store) in enumerate(groups)
        for at in range(count)
    ]
    with night.sql() as cursor:
        cursor.executemany(
            "insert into marts.dim_customers (one_id, tier, lifecycle, home_store) values (%s, %s, %s, nullif(%s, ''))",
            people,
        )
    night.segment(segment, [one_id for one_id, *_ in people], why="为内容团队")


def briefs(night: Night, folder: Path) -> list[dict[str, object]]:
    hand_over(night.dsn, DAY, Connection(name="content_handoff", url=folder.as_uri()))
    found: list[dict[str, object]] = json.loads((folder / "BRIEFS_20261120_1.json").read_text(encoding="utf-8"))
    return found


def mix(rows: list[dict[str, object]], trait: str) -> dict[object, object]:
    return {row["value"]: row["people"] for row in rows if row["trait"] == trait}


def test_a_segment_is_handed_over_as_sizes(night: Night, tmp_path: Path) -> None:
    crowd(night, "seg_quiet", (123, 1, "active", "S001"), (87, 2, "lost", "S002"))
    rows = briefs(night, tmp_path)
    assert mix(rows, "all") == {"": 210}
    assert mix(rows, "tier") == {"1": 120, "2": 80}
    assert mix(rows, "lifecycle") == {"active": 120, "lost": 80}
    assert mix(rows, "home_store") == {"S001": 120, "S002": 80}
    assert {(row["segment"], row["why"], row["business_date"]) for row in rows} == {
        ("seg_quiet", "为内容团队", "2026-11-20")
    }


def test_nobody_is_named_and_no_small_group_is_shown(night: Night, tmp_path: Path) -> None:
    crowd(night, "seg_quiet", (100, 1, "active", "S001"), (49, 2, "active", "S002"), (3, 3, "active", ""))
    crowd(night, "seg_few", (FEWEST - 1, 1, "active", "S001"))
    rows = briefs(night, tmp_path)
    assert {row["segment"] for row in rows} == {"seg_quiet"}
    assert mix(rows, "tier") == {"1": 100, "其他": 50}
    assert mix(rows, "home_store") == {"S001": 100, "其他": 50}
    assert all(isinstance(row["people"], int) and row["people"] >= FEWEST for row in rows)
    everything = "".join(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())
    assert "seg_quiet-" not in everything


def test_the_desk_finds_its_usual_files(night: Night, tmp_path: Path) -> None:
    crowd(night, "seg_quiet", (60, 1, "active", "S001"))
    rows = briefs(night, tmp_path)
    names = [f"BRIEFS_20261120_1.{ending}" for ending in ("csv", "csv.done", "json", "json.done")]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    content = (tmp_path / "BRIEFS_20261120_1.csv").read_bytes()
    promise = (tmp_path / "BRIEFS_20261120_1.csv.done").read_text()
    assert promise == f"{hashlib.md5(content).hexdigest()} {len(content)} {len(rows)}"
    read = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert [{**row, "people": int(row["people"])} for row in read] == rows


def test_writing_again_writes_the_same(night: Night, tmp_path: Path) -> None:
    crowd(night, "seg_quiet", (60, 1, "active", "S001"))
    briefs(night, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    briefs(night, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_brief_takes_no_message_of_the_night_away(night: Night, tmp_path: Path) -> None:
    crowd(night, "seg_quiet", (60, 1, "active", "S001"))
    briefs(night, tmp_path)
    assert night.one("select count(*) from activation.message") == 0
    assert night.one("select count(*) from activation.decision") == 0


def test_an_old_night_is_not_handed_over(night: Night, tmp_path: Path) -> None:
    night.publish(DAY + timedelta(days=1))
    with pytest.raises(Rejected, match="2026-11-21"):
        hand_over(night.dsn, DAY, Connection(name="content_handoff", url=tmp_path.as_uri()))
    assert list(tmp_path.iterdir()) == []


@given(st.dictionaries(st.text(max_size=3), st.integers(1, 200), max_size=12))
def test_no_group_below_the_limit_can_be_worked_out(counts: dict[str, int]) -> None:
    shown = grouped(counts)
    assert all(people >= FEWEST and people % 10 == 0 for people in shown.values())
    exact = {value: counts[value] for value in shown if value != "其他" and value in counts}
    hidden = sum(counts.values()) - sum(exact.values())
    # What is not shown by name is nobody, a crowd, or all there is.
    assert hidden == 0 or hidden >= FEWEST or not shown
