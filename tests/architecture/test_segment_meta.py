"""A segment of the library says everything about itself, and nothing that the planner would stop or hold."""

from __future__ import annotations

import ast
import csv
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from quanyu import discovery
from quanyu.activation import wording
from quanyu.activation.definition import SegmentDefinition, parse
from quanyu.activation.templates import approved, template, variables_in
from quanyu.contracts import PURPOSES

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "dbt_project"
SEGMENTS = sorted((PROJECT / "models" / "segments").glob("*.sql"))
SOURCES = {path.name for path in (PROJECT / "models" / "staging").iterdir() if path.is_dir()}
CHANNELS = discovery.channels()


def meta_of(sql: str) -> dict[str, Any]:
    """The meta of a segment as written in its file. Raises AssertionError when there is none."""
    found = re.search(r"config\(\s*meta\s*=\s*(\{.*?\})\s*\)\s*\}\}", sql, re.DOTALL)
    assert found, "no config(meta={...})"
    meta = ast.literal_eval(found.group(1))
    assert isinstance(meta, dict)
    return meta


def definition_of(path: Path) -> SegmentDefinition:
    return parse(path.stem, meta_of(path.read_text(encoding="utf-8")))


def permitted() -> set[tuple[str, str]]:
    """Channel and purpose of which some act of consent speaks: nobody can be written to without one."""
    with (PROJECT / "seeds" / "consent_acts.csv").open(encoding="utf-8", newline="") as file:
        return {(row["channel"], row["purpose"]) for row in csv.DictReader(file)}


def columns_of(segment: str) -> set[str]:
    """The columns that the contract of a segment lists beside one_id."""
    properties = yaml.safe_load((PROJECT / "models" / "segments" / "_segments__models.yml").read_text(encoding="utf-8"))
    found = {model["name"]: {column["name"] for column in model["columns"]} for model in properties["models"]}
    return found[segment] - {"one_id", "is_in_stock"}


def test_the_library_has_at_least_twelve_segments() -> None:
    assert len(SEGMENTS) >= 12


@pytest.mark.parametrize("path", SEGMENTS, ids=lambda path: path.stem)
def test_a_segment_names_only_what_exists(path: Path) -> None:
    assert re.fullmatch(r"seg_[a-z0-9_]+", path.stem)
    definition = definition_of(path)
    assert not set(definition.channels) - CHANNELS.keys()
    assert not set(definition.audiences) - discovery.audiences().keys()
    assert not set(definition.sources) - SOURCES
    assert definition.sources, "without a source no bad night holds it"


@pytest.mark.parametrize("path", SEGMENTS, ids=lambda path: path.stem)
def test_every_channel_of_a_segment_can_be_agreed_to(path: Path) -> None:
    definition = definition_of(path)
    assert {(channel, definition.consent) for channel in definition.channels} <= permitted()


@pytest.mark.parametrize("path", SEGMENTS, ids=lambda path: path.stem)
def test_a_segment_that_feeds_nothing_but_lists_says_what_they_ask_for(path: Path) -> None:
    definition = definition_of(path)
    asked = {discovery.audiences()[name].consent for name in definition.audiences}
    assert definition.channels or asked == {definition.consent}


@pytest.mark.parametrize("path", SEGMENTS, ids=lambda path: path.stem)
def test_a_segment_says_nothing_that_a_person_would_have_to_look_at(path: Path) -> None:
    definition = definition_of(path)
    said = {name: template(definition, CHANNELS[name]) for name in definition.channels}
    unknown = [name for name, one in said.items() if one.text is None]
    assert not unknown, "a code that the seed message_templates does not know"
    assert wording.complaints(definition, {name: str(one.text) for name, one in said.items()}) == []
    assert all(definition.purpose in CHANNELS[name].purposes for name in definition.channels)


@pytest.mark.parametrize("path", SEGMENTS, ids=lambda path: path.stem)
def test_a_segment_has_the_columns_that_its_words_need_and_no_more(path: Path) -> None:
    """What travels with a message is what the message says: nothing more about a person."""
    definition = definition_of(path)
    said = {name: template(definition, CHANNELS[name]) for name in definition.channels}
    needed = {variable for one in said.values() for variable in one.variables}
    takes_all = any(CHANNELS[name].is_personal and not CHANNELS[name].is_coded for name in said)
    assert needed == columns_of(path.stem) or (takes_all and needed <= columns_of(path.stem))


def test_an_approved_text_is_approved_for_one_of_our_purposes_and_keeps_the_rules() -> None:
    with (PROJECT / "seeds" / "message_templates.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(approved())
    for row in rows:
        assert row["purpose"] in PURPOSES
        assert CHANNELS[row["channel"]].is_coded
        broken = [
            rule.why for rule in wording.rules() if rule.is_broken_by(row["channel"], row["purpose"], row["text"])
        ]
        assert not broken, row["template_code"]
        assert all(re.fullmatch(r"[a-z_]+", name) for name in variables_in(row["text"]))


@pytest.mark.parametrize("path", SEGMENTS, ids=lambda path: path.stem)
def test_a_code_is_used_for_what_it_was_approved_for(path: Path) -> None:
    definition = definition_of(path)
    with (PROJECT / "seeds" / "message_templates.csv").open(encoding="utf-8", newline="") as file:
        purposes = {(row["channel"], row["template_code"]): row["purpose"] for row in csv.DictReader(file)}
    for channel, code in definition.templates.items():
        if CHANNELS[channel].is_coded:
            assert purposes[channel, code] == definition.purpose
