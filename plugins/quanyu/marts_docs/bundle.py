"""The asset bundle of Superset as our pages and tests read it: which dashboard draws which charts of which marts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from quanyu.settings import PROJECT

ASSETS = PROJECT / "superset" / "assets"

_MART = re.compile(r"\bmarts\.(\w+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A chart on a dashboard and the marts that its dataset reads."""

    dashboard: str
    slug: str
    chart: str
    marts: frozenset[str]


def assets(kind: str) -> dict[Path, dict[str, Any]]:
    """File -> what it holds: charts, dashboards, databases or datasets."""
    return {path: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((ASSETS / kind).rglob("*.yaml"))}


def marts_of(dataset: dict[str, Any]) -> frozenset[str]:
    """The marts that a dataset reads: those of its query, else the one that it is."""
    return frozenset(_MART.findall(dataset["sql"])) if dataset.get("sql") else frozenset({dataset["table_name"]})


def drawings() -> Iterator[Drawing]:
    """Every chart of every dashboard, by dashboard and place."""
    datasets = {dataset["uuid"]: marts_of(dataset) for dataset in assets("datasets").values()}
    charts = {chart["uuid"]: chart for chart in assets("charts").values()}
    for dashboard in assets("dashboards").values():
        for place in dashboard["position"].values():
            if isinstance(place, dict) and place["type"] == "CHART":
                chart = charts[place["meta"]["uuid"]]
                yield Drawing(
                    dashboard=dashboard["dashboard_title"],
                    slug=dashboard["slug"],
                    chart=chart["slice_name"],
                    marts=datasets[chart["dataset_uuid"]],
                )
