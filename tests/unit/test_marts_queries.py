"""What we print can be asked: examples, pictures of the report and metrics of Superset, each on the contracts."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from quanyu.marts_docs import Mart, read_marts
from quanyu.report import PICTURES, night_report, render_html
from quanyu.settings import PROJECT

MARTS = read_marts()
DATASETS = sorted((PROJECT / "superset" / "assets" / "datasets").rglob("*.yaml"))
CHARTS = sorted((PROJECT / "superset" / "assets" / "charts").rglob("*.yaml"))


@pytest.mark.parametrize("mart", MARTS, ids=lambda mart: mart.name)
def test_the_example_of_a_mart_is_a_query_that_runs(contracts: str, mart: Mart) -> None:
    with psycopg.connect(contracts) as connection:
        connection.execute(mart.example)


def test_the_report_asks_every_pictured_mart_and_draws_nothing_of_an_empty_one(contracts: str, tmp_path: Path) -> None:
    assert {picture.mart for picture in PICTURES} <= {mart.name for mart in MARTS}
    night = night_report(contracts, date(2026, 11, 20))
    assert night.marts == {picture.mart: [] for picture in PICTURES}
    render_html(night, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert not [picture.title for picture in PICTURES if picture.title in page]


@pytest.mark.parametrize("path", DATASETS, ids=lambda path: path.stem)
def test_every_metric_and_filter_of_a_dataset_can_be_counted(contracts: str, path: Path) -> None:
    dataset = yaml.safe_load(path.read_text(encoding="utf-8"))
    source = f"({dataset['sql']})" if dataset.get("sql") else f"marts.{dataset['table_name']}"
    columns = {column.get("expression") or f'"{column["column_name"]}"' for column in dataset["columns"]}
    with psycopg.connect(contracts) as connection:
        connection.execute(f"select {', '.join(sorted(columns))} from {source} as dataset")
        for metric in dataset["metrics"]:
            connection.execute(f"select {metric['expression']} from {source} as dataset")
        for condition in _conditions(dataset["uuid"]):
            connection.execute(f"select 1 from {source} as dataset where {condition}")


def _conditions(dataset: str) -> list[str]:
    charts: list[dict[str, Any]] = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in CHARTS]
    conditions = [
        condition
        for chart in charts
        if chart["dataset_uuid"] == dataset
        for condition in chart["params"]["adhoc_filters"]
    ]
    return [condition["sqlExpression"] for condition in conditions if condition["expressionType"] == "SQL"]
