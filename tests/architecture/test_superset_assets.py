"""The bundle in `superset/assets` hangs together: its dashboards, their charts, the datasets and our marts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from quanyu.marts_docs import read_marts
from quanyu.report import PICTURES
from quanyu.settings import PROJECT

ASSETS = PROJECT / "superset" / "assets"
MARTS = {mart.name for mart in read_marts()}


def assets(kind: str) -> dict[str, dict[str, Any]]:
    files = sorted((ASSETS / kind).rglob("*.yaml"))
    return {str(path.relative_to(ASSETS)): yaml.safe_load(path.read_text(encoding="utf-8")) for path in files}


CHARTS, DATASETS, DASHBOARDS = assets("charts"), assets("datasets"), assets("dashboards")
BY_UUID = {asset["uuid"]: asset for asset in [*CHARTS.values(), *DATASETS.values()]}


def exposed(name: str) -> set[str]:
    """The models that an exposure says it reads."""
    text = (PROJECT / "dbt_project" / "models" / "exposures.yml").read_text(encoding="utf-8")
    (exposure,) = [exposure for exposure in yaml.safe_load(text)["exposures"] if exposure["name"] == name]
    return {reference.removeprefix("ref('").removesuffix("')") for reference in exposure["depends_on"]}


def places(dashboard: dict[str, Any]) -> list[str]:
    """The charts on a dashboard, by uuid."""
    return [p["meta"]["uuid"] for p in dashboard["position"].values() if isinstance(p, dict) and p["type"] == "CHART"]


def asked(params: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(metric or column, name) of everything that a chart takes from its dataset."""
    for key in ("metric", "metrics", "x_axis_sort"):
        for name in params[key] if isinstance(params.get(key), list) else filter(None, [params.get(key)]):
            yield "metric", name
    for key in ("groupby", "groupbyRows", "groupbyColumns", "x_axis", "source", "target", "columns"):
        for name in params[key] if isinstance(params.get(key), list) else filter(None, [params.get(key)]):
            yield "column", name
    for condition in params["adhoc_filters"]:
        if condition["expressionType"] == "SIMPLE":
            yield "column", condition["subject"]


# Superset's own words; the importer takes any other and the browser gets an error.
OPERATORS = {"==", "!=", ">", "<", ">=", "<=", "IN", "NOT IN", "IS NULL", "IS NOT NULL", "TEMPORAL_RANGE"}


def test_the_dashboards_are_those_of_the_brand() -> None:
    wanted = {"customers", "funnel", "attribution_and_roi", "channels_and_stores"}
    assert wanted == {board["slug"] for board in DASHBOARDS.values()}


def test_nothing_in_the_bundle_goes_by_two_names() -> None:
    every = [*CHARTS.values(), *DATASETS.values(), *DASHBOARDS.values(), *assets("databases").values()]
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
def test_a_dataset_reads_published_marts_and_dbt_knows_that(name: str) -> None:
    dataset = DATASETS[name]
    assert dataset["schema"] == "marts"
    tables = set(re.findall(r"\bmarts\.(\w+)", dataset["sql"])) if dataset.get("sql") else {dataset["table_name"]}
    assert tables <= MARTS
    assert tables <= exposed("business_intelligence"), "add it to dbt_project/models/exposures.yml"
    assert {chart["dataset_uuid"] for chart in CHARTS.values()} >= {dataset["uuid"]}, "no chart shows it"


def test_dbt_knows_which_marts_the_report_draws() -> None:
    assert {picture.mart for picture in PICTURES} <= exposed("night_report"), "add it to exposures.yml"


def test_the_bundle_names_no_real_database() -> None:
    (database,) = assets("databases").values()
    assert database["sqlalchemy_uri"] == "postgresql+psycopg2://warehouse.invalid/quanyu"
    assert (database["allow_dml"], database["allow_ctas"], database["allow_file_upload"]) == (False, False, False)
    assert "warehouse.invalid" in (PROJECT / "superset" / "superset_config.py").read_text(encoding="utf-8")
