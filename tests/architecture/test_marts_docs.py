"""Every mart says what it answers, by what grain and with which query; the pages say what the models say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from quanyu.marts_docs import Mart, complaints, pages, read_marts, read_variables
from quanyu.settings import PROJECT

MARTS = read_marts()
REASON = re.compile(r"\bours\b|\bsource:|https?://|\bdocs/", re.IGNORECASE)


def test_there_are_marts_to_read_about() -> None:
    assert {"dim_customers", "fct_orders", "fct_touchpoints", "fct_funnel_daily"} <= {mart.name for mart in MARTS}


@pytest.mark.parametrize("mart", MARTS, ids=lambda mart: mart.name)
def test_a_mart_says_what_it_answers_and_shows_how_to_ask(mart: Mart) -> None:
    assert complaints(mart) == []


@pytest.mark.parametrize(
    ("path", "text"), sorted(pages().items()), ids=lambda value: value.name if isinstance(value, Path) else ""
)
def test_a_page_made_from_the_models_is_up_to_date(path: Path, text: str) -> None:
    said = path.read_text(encoding="utf-8") if path.exists() else ""
    assert said == text, f"{path.relative_to(PROJECT)} is not what the models say: run `quanyu marts docs`"


def test_every_window_and_threshold_says_what_it_rests_on() -> None:
    variables = read_variables()
    assert variables
    silent = [variable.name for variable in variables if not REASON.search(variable.comment)]
    assert silent == [], (
        "dbt_project.yml: write a comment above or behind each, with its source (an address, `source: ...`, a page of"
        " docs/) or the word ours"
    )
