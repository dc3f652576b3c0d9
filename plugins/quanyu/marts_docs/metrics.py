"""Read the metrics and what they go by from the dbt project: one file per area in `dbt_project/metrics/`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from quanyu.settings import PROJECT

_METRICS = PROJECT / "dbt_project" / "metrics"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric: its name, what people call it, what it means and how it is counted."""

    name: str
    label: str
    description: str
    counted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SemanticModel:
    """What metrics are counted from: a mart, the day it goes by, its keys and its other columns to tell apart."""

    name: str
    mart: str
    day: str
    own: str
    entities: dict[str, str]
    dimensions: dict[str, str]
    measures: dict[str, tuple[str, str]]
    """Measure -> how it is added up, of what."""

    @property
    def columns(self) -> list[str]:
        """What people write to tell apart by a column of its own."""
        return [f"{self.own}__{name}" for name in self.dimensions]


def read_semantic_models() -> list[SemanticModel]:
    """Every semantic model, by area and as written."""
    return [_model(said) for said in _said("semantic_models")]


def read_metrics() -> list[Metric]:
    """Every metric, by area and as written."""
    models = read_semantic_models()
    measured = {
        measure: f"{aggregation}({expression}) of {model.mart}"
        for model in models
        for measure, (aggregation, expression) in model.measures.items()
    }
    return [
        Metric(
            name=said["name"],
            label=said["label"],
            description=" ".join(said["description"].split()),
            counted=_counted(said["type_params"], measured),
        )
        for said in _said("metrics")
    ]


def _said(kind: str) -> Iterator[dict[str, Any]]:
    for path in sorted(_METRICS.glob("*.yml")):
        yield from yaml.safe_load(path.read_text(encoding="utf-8")).get(kind, [])


def _model(said: dict[str, Any]) -> SemanticModel:
    entities = said.get("entities", [])
    primary = [entity["name"] for entity in entities if entity["type"] == "primary"]
    return SemanticModel(
        name=said["name"],
        mart=said["model"].removeprefix("ref('").removesuffix("')"),
        day=said.get("defaults", {}).get("agg_time_dimension", ""),
        own=said.get("primary_entity") or primary[0],
        entities={entity["name"]: _expression(entity) for entity in entities},
        dimensions={dimension["name"]: _expression(dimension) for dimension in said.get("dimensions", [])},
        measures={measure["name"]: (measure["agg"], _expression(measure)) for measure in said.get("measures", [])},
    )


def _expression(said: dict[str, Any]) -> str:
    return str(said.get("expr", said["name"]))


def _counted(parameters: dict[str, Any], measured: dict[str, str]) -> str:
    """`sum(net_fen / 100.0) of fct_orders`, or one metric divided by another; where it holds only for a part, which."""
    if "measure" in parameters:
        return _part(parameters["measure"], measured)
    return f"{_part(parameters['numerator'])} / {_part(parameters['denominator'])}"


def _part(said: str | dict[str, str], words: dict[str, str] | None = None) -> str:
    name, condition = (said, "") if isinstance(said, str) else (said["name"], said.get("filter", ""))
    counted = (words or {}).get(name, name)
    return f"{counted} where {condition}" if condition else counted
