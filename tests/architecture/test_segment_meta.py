"""A segment says everything about itself in `config(meta=...)`; a missing, unknown or unusable key is refused."""

from __future__ import annotations

import ast
import csv
import re
from datetime import time
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "dbt_project"
SEGMENTS = sorted((PROJECT / "models" / "segments").glob("*.sql"))
SEEDS = PROJECT / "seeds"

KEYS = {
    "why": str,
    "owner": str,
    "purpose": str,
    "channels": list,
    "templates": dict,
    "consent": str,
    "holdout": float,
    "cap": dict,
    "send_window": list,
    "priority": int,
    "sources": list,
    "act_version": int,
    "size_band": dict,
}
PURPOSES = ("care", "service", "marketing")
SOURCES = {path.name for path in (PROJECT / "models" / "staging").iterdir() if path.is_dir()}
LEGAL_HOURS = (time(8), time(22))
OPT_OUT = "拒收请回复R"


def meta_of(sql: str) -> dict[str, Any]:
    """The meta of a segment as written in its file. Raises AssertionError when there is none."""
    found = re.search(r"config\(\s*meta\s*=\s*(\{.*?\})\s*\)\s*\}\}", sql, re.DOTALL)
    assert found, "no config(meta={...})"
    meta = ast.literal_eval(found.group(1))
    assert isinstance(meta, dict)
    return meta


def sms_templates() -> dict[str, dict[str, str]]:
    with (SEEDS / "sms_templates.csv").open(encoding="utf-8", newline="") as file:
        return {row["template_code"]: row for row in csv.DictReader(file)}


def channels_with_consent() -> set[str]:
    """A channel that no act of consent names can never be sent to."""
    with (SEEDS / "consent_acts.csv").open(encoding="utf-8", newline="") as file:
        return {row["channel"] for row in csv.DictReader(file)}


def problems(meta: dict[str, Any]) -> list[str]:
    """What is wrong with a segment's meta, one sentence each."""
    shape = [f"{key} is missing" for key in KEYS.keys() - meta.keys()]
    shape += [f"{key} is unknown" for key in meta.keys() - KEYS.keys()]
    shape += [
        f"{key} is not a {kind.__name__}" for key, kind in KEYS.items() if key in meta and type(meta[key]) is not kind
    ]
    return sorted(shape) or [*_wording(meta), *_addressing(meta), *_limits(meta)]


def _wording(meta: dict[str, Any]) -> list[str]:
    found = [f"{key} says nothing" for key in ("why", "owner") if not meta[key].strip()]
    found += [f"template for {channel} is empty" for channel, text in meta["templates"].items() if not text.strip()]
    code = meta["templates"].get("aliyun_sms")
    template = sms_templates().get(code) if code else None
    if code and template is None:
        found.append(f"text message {code} is not in sms_templates")
    if template and template["purpose"] != meta["purpose"]:
        found.append(f"text message {code} is approved for {template['purpose']}")
    return found


def _addressing(meta: dict[str, Any]) -> list[str]:
    channels, sources = meta["channels"], meta["sources"]
    found = [f"{key} is none of {', '.join(PURPOSES)}" for key in ("purpose", "consent") if meta[key] not in PURPOSES]
    found += [f"channel {channel} is unknown" for channel in channels if channel not in channels_with_consent()]
    found += [f"source {source} is unknown" for source in sources if source not in SOURCES]
    if not channels or len(set(channels)) < len(channels):
        found.append("channels are empty or repeat")
    if not sources:
        found.append("sources are empty")
    if set(meta["templates"]) != set(channels):
        found.append("templates and channels differ")
    return found


def _limits(meta: dict[str, Any]) -> list[str]:
    found = []
    if not 0 <= meta["holdout"] < 1:
        found.append("holdout is no share")
    if set(meta["cap"]) != {"days", "messages"} or min(meta["cap"].values()) < 1:
        found.append("cap needs days and messages, both at least 1")
    band = meta["size_band"]
    if set(band) != {"min", "max", "change"} or not 0 <= band["min"] <= band["max"] or band["change"] <= 0:
        found.append("size_band needs min <= max and a change above 0")
    if meta["act_version"] < 1:
        found.append("act_version starts at 1")
    hours = [time.fromisoformat(hour) for hour in meta["send_window"]]
    if len(hours) != 2 or not LEGAL_HOURS[0] <= hours[0] < hours[1] <= LEGAL_HOURS[1]:
        found.append("send_window leaves 08:00-22:00")
    return found


def _good() -> dict[str, Any]:
    return meta_of((PROJECT / "models" / "segments" / "seg_repurchase_due.sql").read_text(encoding="utf-8"))


def test_there_are_segments_to_look_at() -> None:
    assert {"seg_birthday_care", "seg_new_fan_no_purchase", "seg_repurchase_due"} <= {path.stem for path in SEGMENTS}


@pytest.mark.parametrize("path", SEGMENTS, ids=lambda path: path.stem)
def test_a_segment_says_everything_about_itself(path: Path) -> None:
    assert re.fullmatch(r"seg_[a-z0-9_]+", path.stem)
    assert problems(meta_of(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("key", sorted(KEYS))
def test_a_missing_key_is_refused(key: str) -> None:
    meta = _good()
    del meta[key]
    assert problems(meta) == [f"{key} is missing"]


def test_an_unknown_key_is_refused() -> None:
    assert problems(_good() | {"chanels": []}) == ["chanels is unknown"]


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"why": " "}, "why says nothing"),
        ({"holdout": 1}, "holdout is not a float"),
        ({"holdout": 1.0}, "holdout is no share"),
        ({"purpose": "sales"}, "purpose is none of care, service, marketing"),
        ({"channels": ["carrier_pigeon"]}, "channel carrier_pigeon is unknown"),
        ({"channels": ["aliyun_sms"]}, "templates and channels differ"),
        ({"sources": ["nowhere"]}, "source nowhere is unknown"),
        ({"templates": {"aliyun_sms": "SMS_1"}}, "text message SMS_1 is not in sms_templates"),
        ({"cap": {"days": 7}}, "cap needs days and messages, both at least 1"),
        ({"size_band": {"min": 5, "max": 1, "change": 0.5}}, "size_band needs min <= max and a change above 0"),
        ({"send_window": ["07:00", "20:00"]}, "send_window leaves 08:00-22:00"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_an_unusable_value_is_refused(change: dict[str, Any], complaint: str) -> None:
    assert complaint in problems(_good() | change)


def test_a_text_message_for_marketing_ends_with_the_way_out() -> None:
    for code, row in sms_templates().items():
        assert re.fullmatch(r"SMS_\d+", code)
        assert row["purpose"] in PURPOSES
        assert row["purpose"] != "marketing" or row["text"].endswith(OPT_OUT), code


@pytest.mark.parametrize("path", SEGMENTS, ids=lambda path: path.stem)
def test_params_of_a_text_message_are_the_columns_beside_one_id(path: Path) -> None:
    """The contract lists a segment's columns: what the approved text needs, and nothing more about a person."""
    code = meta_of(path.read_text(encoding="utf-8"))["templates"].get("aliyun_sms")
    placeholders = set(re.findall(r"\$\{(\w+)\}", sms_templates()[code]["text"])) if code else set()
    properties = yaml.safe_load((path.parent / "_segments__models.yml").read_text(encoding="utf-8"))
    columns = {model["name"]: {column["name"] for column in model["columns"]} for model in properties["models"]}
    assert columns.get(path.stem, {"one_id"}) == {"one_id"} | placeholders
