"""Every mart and segment says its grain, types, key and meaning, and marks what names a person."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

MODELS = Path(__file__).resolve().parents[2] / "dbt_project" / "models"
ALL = sorted([*(MODELS / "marts").rglob("*.sql"), *(MODELS / "segments").glob("seg_*.sql")])
PUBLISHED = [path for path in ALL if not path.stem.startswith("int_")]
MARTS = [path for path in PUBLISHED if MODELS / "marts" in path.parents]
PERSONAL = {
    "one_id", "one_id_old", "one_id_current", "inviter_one_id", "root_one_id", "account_key", "address",
    "birthday_mmdd", "lunar_birthday_mmdd", "touchpoint_key", "member_key",
}  # fmt: skip
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@cache
def properties() -> dict[str, dict[str, Any]]:
    """Model -> its yml, of marts and segments that somebody reads."""
    files = [path for folder in ("marts", "segments") for path in (MODELS / folder).rglob("_*__models.yml")]
    models = [model for path in files for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]]
    return {model["name"]: model for model in models if not model["name"].startswith("int_")}


def test_there_are_marts_to_look_at() -> None:
    assert {"dim_customers", "fct_orders", "fct_touchpoints", "fct_funnel_daily"} <= {path.stem for path in PUBLISHED}
    assert set(properties()) <= {path.stem for path in PUBLISHED}


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_the_grain_is_the_first_line(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith("-- Grain: one ")


@pytest.mark.parametrize("path", MARTS, ids=lambda path: path.stem)
def test_a_mart_is_a_contract_with_a_key_and_a_meaning_for_every_column(path: Path) -> None:
    model = properties()[path.stem]
    assert model["config"]["contract"]["enforced"] is True
    assert [constraint["type"] for constraint in model["constraints"]] == ["primary_key"]
    assert CHINESE.search(model["description"])
    for column in model["columns"]:
        assert column["data_type"], column["name"]
        assert CHINESE.search(column["description"]), column["name"]


@pytest.mark.parametrize("name", sorted(properties()))
def test_what_names_a_person_is_tagged(name: str) -> None:
    for column in properties()[name]["columns"]:
        tags = column.get("config", {}).get("tags", [])
        assert (column["name"] in PERSONAL) == ("pii" in tags), column["name"]
