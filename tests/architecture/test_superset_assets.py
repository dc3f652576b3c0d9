"""The bundle in `superset/assets` hangs together: its dashboards, their charts, the datasets and our marts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from quanyu.marts_docs import read_marts
from quanyu.marts_docs.bundle import ASSETS, assets, marts_of
from quanyu.settings import PROJECT

MARTS = {mart.name for mart in read_marts()}


def named(kind: str) -> dict[str, dict[str, Any]]:
    return {str(path.relative_to(ASSETS)): asset for path, asset in assets(kind).items()}


CHARTS, DATASETS, DASHBOARDS = named("charts"), named("datasets"), named("dashboards")
BY_UUID = {asset["uuid"]: asset for asset in [*CHARTS.values(), *DATASETS.values()]}


def places(dashboard: dict[str, Any]) -> list[str]:
    """The charts on a dashboard, by uuid."""
    return [p["meta"]["uuid"] for p in dashboard["position"].values() if isinstance(p, dict) and p["type"] == "CHART"]


def asked(params: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(metric or column, name) of everything that a chart takes from its dataset."""
    for key in ("metric", "metrics", "x_axis_sort"):
        for name in params[key] if isinstance(params.get(key), list) else filter(None, [params.get(key)]):
            yield "metric", name
    for key in ("groupby", "groupbyRows", "groupbyColumns", "x_axis", "source", "target", "columns", "all_columns"):
        for name in params[key] if isinstance(params.get(key), list) else filter(None, [params.get(key)]):
            yield "column", name
    for order in params.get("order_by_cols", []):
        yield "column", json.loads(order)[0]
    for condition in params["adhoc_filters"]:
        if condition["expressionType"] == "SIMPLE":
            yield "column", condition["subject"]


# Superset's own words; the importer takes any other and the browser gets an error.
OPERATORS = {"==", "!=", ">", "<", ">=", "<=", "IN", "NOT IN", "IS NULL", "IS NOT NULL", "TEMPORAL_RANGE"}


def test_the_dashboards_are_those_of_the_brand() -> None:
    wanted = {"customers", "funnel", "attribution_and_roi", "channels_and_stores"}
    assert wanted == {board["slug"] for board in DASHBOARDS.values()}


def test_nothing_in_the_bundle_goes_by_two_names() -> None:
    every = [*CHARTS.values(), *DATASETS.values(), *DASHBOARDS.values(), *named("databases").values()]
    assert [uuid for uuid, times in Counter(asset["uuid"] for asset in every).items() if times > 1] == []


def test_every_chart_is_on_a_dashboard_and_every_place_has_its_chart() -> None:
    shown = [uuid for dashboard in DASHBOARDS.values() for uuid in places(dashboard)]
    assert sorted(shown) == sorted(chart["uuid"] for chart in CHARTS.values())


@pytest.mark.parametrize("name", sorted(CHARTS))
def test_a_chart_asks_for_what_its_dataset_has(name: str) -> None:
    chart = CHARTS[name]
    dataset = BY_UUID[chart["dataset_uuid"]]
    known = {("metric", metric["metric_name"]) for metric in dataset["metrics"]}
    known |= {("column", column["column_name"]) for column in dataset["columns"]}
    columns = {column["column_name"] for column in dataset["columns"]}
    wanted = {what for what in asked(chart["params"]) if not (what[0] == "metric" and what[1] in columns)}
    assert wanted - known == set()
    simple = [said for said in chart["params"]["adhoc_filters"] if said["expressionType"] == "SIMPLE"]
    assert {condition["operator"] for condition in simple} <= OPERATORS
    personal = {column["column_name"] for column in dataset["columns"] if not column["groupby"]}
    assert not personal & {found for kind, found in wanted if kind == "column"}, "people are counted, not listed"


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_a_dataset_reads_published_marts_and_is_shown(name: str) -> None:
    dataset = DATASETS[name]
    assert dataset["schema"] == "marts"
    assert marts_of(dataset) <= MARTS
    assert {chart["dataset_uuid"] for chart in CHARTS.values()} >= {dataset["uuid"]}, "no chart shows it"


@pytest.mark.parametrize("slug", [board["slug"] for board in DASHBOARDS.values()])
def test_a_filter_of_a_dashboard_is_a_column_that_people_may_choose_by(slug: str) -> None:
    (board,) = [board for board in DASHBOARDS.values() if board["slug"] == slug]
    targets = [
        target
        for condition in board["metadata"]["native_filter_configuration"]
        for target in condition["targets"]
        if target
    ]
    assert targets
    for target in targets:
        columns = {column["column_name"]: column for column in BY_UUID[target["datasetUuid"]]["columns"]}
        assert columns[target["column"]["name"]]["filterable"]


def test_the_bundle_names_no_real_database() -> None:
    (database,) = named("databases").values()
    assert database["sqlalchemy_uri"] == "postgresql+psycopg2://warehouse.invalid/quanyu"
    assert (database["allow_dml"], database["allow_ctas"], database["allow_file_upload"]) == (False, False, False)
    assert "warehouse.invalid" in (PROJECT / "superset" / "superset_config.py").read_text(encoding="utf-8")
