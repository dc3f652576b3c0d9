"""The marketer's desk tells what the night would do, from the night's own code, and changes nothing."""

from __future__ import annotations

import shutil
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from quanyu import activation, segments
from quanyu.activation.templates import variables_in
from quanyu.cli import app
from quanyu.contracts import Channel
from quanyu.dbt import Compiled
from quanyu.errors import ConfigurationError, Rejected
from quanyu.segments.overlap import Overlap
from quanyu.settings import PROJECT
from tests.architecture.test_segment_meta import meta_of
from tests.fixtures.activation_night import DAY, KEY, META, Night, Post, channel


@pytest.fixture
def night(dsn: str) -> Night:
    return Night(dsn)


def compiles(monkeypatch: pytest.MonkeyPatch, query: str, **meta: Any) -> None:
    """Let the segment's file say this."""
    said = Compiled(query, META | meta)
    # The package shows the function of that name.
    module = import_module("quanyu.segments.preview")
    monkeypatch.setattr(module, "compile_segment", lambda *_, **__: said)
    on: dict[str, Channel] = {"post": channel()}
    monkeypatch.setattr(module.discovery, "channels", lambda: on)


def everything(night: Night) -> dict[str, list[Any]]:
    tables = night.rows(
        "select format('%%I.%%I', schemaname, tablename) from pg_tables"
        " where schemaname in ('activation', 'segments', 'ops')"
    )
    return {table: night.rows(f"select t::text from {table} as t order by 1") for (table,) in tables}


def test_two_segments_share_people_and_each_has_its_size(night: Night) -> None:
    night.segment("seg_a", ["p1", "p2", "p3"], priority=1)
    night.segment("seg_b", ["p2", "p3", "p4"], priority=2)
    night.segment("seg_c", ["p9"], priority=3)
    assert segments.overlap(night.dsn) == Overlap(
        sizes={"seg_a": 3, "seg_b": 3, "seg_c": 1}, shared={("seg_a", "seg_b"): 2}
    )


def test_without_segments_nobody_is_shared(night: Night) -> None:
    assert segments.overlap(night.dsn).sizes == {}


def test_a_preview_is_the_plan_of_the_night_and_leaves_nothing(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    night.people("a", "b")
    night.person("c", consents=())
    night.segment("seg_vip", ["a"], priority=1)
    night.plan()
    before = everything(night)
    compiles(monkeypatch, "select unnest(array['a', 'b', 'c', 'd']) as one_id", priority=5)
    found = segments.preview(night.dsn, "seg_new", KEY)
    assert found.audience == 4
    assert dict(found.outcomes) == {
        ("message", "post", ""): 1,
        ("duplicate", "post", "has another message tonight"): 1,
        ("no_consent", "post", "no consent on record"): 1,
        ("unreachable", "", ""): 1,
    }
    assert found.overlap == {"seg_vip": 1}
    assert (found.joined, found.left) == (None, None)
    assert everything(night) == before


def test_a_preview_says_who_came_and_went_since_the_last_night(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    night.segment("seg_quiet", night.people("a", "b"))
    night.plan()
    later = DAY.replace(day=DAY.day + 1)
    night.publish(later)
    compiles(monkeypatch, "select unnest(array['b', 'c', 'd']) as one_id")
    found = segments.preview(night.dsn, "seg_quiet", KEY)
    assert found.business_date == later
    assert (found.joined, found.left) == (2, 1)


def test_a_preview_says_what_would_wait_for_approval(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    night.people("a", "b", "c")
    band = {"min": 0, "max": 1, "change": 10.0}
    compiles(monkeypatch, "select unnest(array['a', 'b', 'c']) as one_id", size_band=band)
    assert "outside 0 to 1" in segments.preview(night.dsn, "seg_new", KEY).held


def test_a_preview_before_the_first_night_says_what_to_do(dsn: str) -> None:
    with pytest.raises(Rejected, match="nothing was published yet"):
        segments.preview(dsn, "seg_new", KEY)


def test_why_tells_memberships_decisions_messages_and_permissions(night: Night) -> None:
    night.person("a", account="acc-a")
    night.person("b", consents=())
    night.segment("seg_quiet", ["a", "b"])
    night.plan()
    night.send(Post())
    found = segments.why(night.dsn, "a")
    assert [(stay.segment, stay.outcome, stay.channel, stay.exited_on) for stay in found.stays] == [
        ("seg_quiet", "message", "post", None)
    ]
    assert [(sent.segment, sent.state) for sent in found.messages] == [("seg_quiet", "sent")]
    assert {(one.purpose, one.is_granted) for one in found.permissions} == {("care", True), ("marketing", True)}


def test_why_not_is_told_with_its_reason(night: Night) -> None:
    night.person("b", account="acc-b", consents=())
    night.segment("seg_quiet", ["b"])
    night.plan()
    (stay,) = segments.why(night.dsn, "b").stays
    assert (stay.outcome, stay.detail) == ("no_consent", "no consent on record")
    (permission,) = segments.why(night.dsn, "b").permissions
    assert (permission.channel, permission.is_granted) == ("post", None)


def test_a_former_name_is_understood(night: Night) -> None:
    night.person("a", account="acc-a")
    night.person("old", account="acc-old", address="post-old")
    night.segment("seg_quiet", ["old"])
    night.plan()
    night.merge("old", "a")
    found = segments.why(night.dsn, "old")
    assert found.one_id == "a"
    assert [stay.segment for stay in found.stays] == ["seg_quiet"]


def test_somebody_nobody_knows_is_an_error(night: Night) -> None:
    with pytest.raises(Rejected, match="nobody is or was called nobody"):
        segments.why(night.dsn, "nobody")


def park(night: Night, *people: str) -> dict[str, str]:
    night.segment("seg_quiet", night.people(*people))
    night.plan()
    with night.sql() as cursor:
        cursor.execute("update activation.message set state = 'pending' where state = 'held'")
        cursor.execute("update activation.message set state = 'sending', attempt = 1, batch_key = 'batch-1'")
        cursor.execute("update activation.message set state = 'parked', reason = 'nobody knows'")
    return dict(night.rows("select one_id, key from activation.message"))


def test_parked_messages_are_listed_with_what_the_provider_can_be_asked_by(night: Night) -> None:
    keys = park(night, "a", "b")
    found = activation.parked(night.dsn)
    assert {one.key for one in found} == set(keys.values())
    assert {(one.channel, one.batch_key, one.reason) for one in found} == {("post", "batch-1", "nobody knows")}
    assert activation.parked(night.dsn, "mail") == []


def test_a_whole_batch_or_the_first_digits_of_a_key_are_enough(night: Night) -> None:
    keys = park(night, "a", "b", "c")
    assert activation.resolve(night.dsn, [keys["a"][:8]], was_sent=True, who="mei") == 1
    assert activation.resolve(night.dsn, ["batch-1"], was_sent=False, who="mei") == 2
    assert night.states() == {"a": "sent", "b": "pending", "c": "pending"}


@pytest.mark.parametrize("name", ["", "0123", "no-such-batch"])
def test_a_name_that_fits_nothing_changes_nothing(night: Night, name: str) -> None:
    keys = park(night, "a")
    with pytest.raises(Rejected, match="names no parked message"):
        activation.resolve(night.dsn, [keys["a"], name], was_sent=True, who="mei")
    assert night.states() == {"a": "parked"}


def test_what_waits_for_approval_is_listed_until_it_is_approved(night: Night) -> None:
    night.segment("seg_quiet", night.people("a", "b"), size_band={"min": 5, "max": 9, "change": 1.0})
    night.plan()
    (one,) = activation.held(night.dsn)
    assert (one.segment, one.business_date, one.messages) == ("seg_quiet", DAY, 2)
    assert "outside 5 to 9" in one.reason
    assert activation.release(night.dsn, "seg_quiet", DAY, "mei") == 2
    assert activation.held(night.dsn) == []


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "dbt_project"
    shutil.copytree(PROJECT / "dbt_project" / "models" / "segments", folder / "models" / "segments")
    return folder


def test_a_new_segment_is_one_that_the_planner_takes(project: Path) -> None:
    done = CliRunner().invoke(app, ["segment", "new", "second_child", "--owner", "li", "--project", str(project)])
    assert done.exit_code == 0, done.output
    model = project / "models" / "segments" / "seg_second_child.sql"
    meta = meta_of(model.read_text(encoding="utf-8"))
    definition = activation.SegmentDefinition.model_validate(meta)
    assert definition.owner == "li"
    assert not variables_in(definition.templates["wecom_broadcast"])
    for name, part in (("models", "models"), ("unit_tests", "unit_tests")):
        properties = yaml.safe_load((model.parent / f"_segments__{name}.yml").read_text(encoding="utf-8"))
        assert "seg_second_child" in str(properties[part][-1])


@pytest.mark.parametrize("name", ["Second Child", "seg_", "repurchase_due"])
def test_a_name_that_is_none_or_taken_writes_nothing(project: Path, name: str) -> None:
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    with pytest.raises(ConfigurationError):
        segments.scaffold(name, "crm", "wecom_broadcast", project)
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before
