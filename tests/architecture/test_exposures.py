"""dbt knows who reads what: each exposure depends on what its reader reads, and on nothing else."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest
import yaml

from quanyu.marts_docs.bundle import assets, drawings
from quanyu.settings import PROJECT

DBT = PROJECT / "dbt_project"
EXPOSURES = {
    exposure["name"]: exposure
    for exposure in yaml.safe_load((DBT / "models" / "exposures.yml").read_text(encoding="utf-8"))["exposures"]
}
BOARDS = {board["slug"]: board for board in assets("dashboards").values()}


def depends_on(name: str) -> list[str]:
    return [reference.removeprefix("ref('").removesuffix("')") for reference in EXPOSURES[name]["depends_on"]]


def named_in(folder: Path, schemas: str) -> set[str]:
    """The tables of these schemas that the SQL in a folder's modules names."""
    texts = [path.read_text(encoding="utf-8") for path in folder.rglob("*.py")]
    return {table for text in texts for table in re.findall(rf"\b(?:{schemas})\.([a-z]+_\w+)", text)}


def test_every_dashboard_has_an_exposure_and_every_exposure_a_reader() -> None:
    assert set(EXPOSURES) == {f"dashboard_{slug}" for slug in BOARDS} | {"night_report", "activation"}


@pytest.mark.parametrize("slug", sorted(BOARDS))
def test_a_dashboard_depends_on_the_marts_that_its_charts_read(slug: str) -> None:
    read: dict[str, set[str]] = defaultdict(set)
    for drawing in drawings():
        read[drawing.slug] |= drawing.marts
    assert depends_on(f"dashboard_{slug}") == sorted(read[slug])
    assert EXPOSURES[f"dashboard_{slug}"]["label"] == BOARDS[slug]["dashboard_title"]


def test_the_report_depends_on_what_its_queries_read() -> None:
    read = named_in(PROJECT / "plugins" / "quanyu" / "report", "marts|identity|policy")
    assert depends_on("night_report") == sorted(read)


def test_activation_depends_on_every_segment_and_on_the_marts_that_it_asks() -> None:
    segments = {path.stem for path in (DBT / "models" / "segments").glob("seg_*.sql")}
    asked = named_in(PROJECT / "plugins" / "quanyu" / "activation", "marts")
    assert depends_on("activation") == sorted(segments | asked)
