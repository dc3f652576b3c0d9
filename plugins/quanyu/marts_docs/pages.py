"""Render the pages: the reference of the marts, and the columns that Superset shows of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from quanyu.marts_docs.bundle import ASSETS, drawings
from quanyu.marts_docs.metrics import read_metrics, read_semantic_models
from quanyu.marts_docs.models import Mart, read_marts, read_variables
from quanyu.report import PICTURES
from quanyu.settings import PROJECT

_REFERENCE = PROJECT / "docs" / "marts-reference.md"

# A person may be counted in a chart, and not listed: what names one is neither a dimension nor a filter.
_BUILDS_ONLY = "for the builds only"
_SUPERSET_TYPES = {"timestamptz": "TIMESTAMP WITH TIME ZONE"}


def pages() -> dict[Path, str]:
    """Every page that is made from the models, and what it should hold."""
    marts = read_marts()
    datasets = {mart.name: path for mart in marts if (path := _dataset(mart.name)).exists()}
    return {_REFERENCE: _reference(marts)} | {
        datasets[mart.name]: _renewed(datasets[mart.name], mart) for mart in marts if mart.name in datasets
    }


def _reference(marts: Sequence[Mart]) -> str:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=False,  # noqa: S701  # Markdown for the repository, from the repository
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"cell": lambda text: text.replace("|", "\\|"), "code": lambda name: f"`{name}`"}
    return environment.get_template("reference.md.j2").render(
        marts=marts,
        metrics=read_metrics(),
        semantic_models=read_semantic_models(),
        pictures=_pictures(),
        variables=read_variables(),
        project=PROJECT,
    )


def _pictures() -> dict[str, list[str]]:
    """Mart -> where it is drawn: in the night's report, and in which charts of which dashboard."""
    found: dict[str, list[str]] = defaultdict(list)
    for picture in PICTURES:
        found[picture.mart].append(f"report, {picture.title}")
    for drawing in drawings():
        for mart in sorted(drawing.marts):
            found[mart].append(f"dashboard {drawing.dashboard}, {drawing.chart}")
    return found


def _dataset(mart: str) -> Path:
    return ASSETS / "datasets" / "quanyu" / f"{mart}.yaml"


def _renewed(path: Path, mart: Mart) -> str:
    """A dataset with the columns of the contract; names, metrics and calculated columns stay as they were."""
    asset = yaml.safe_load(path.read_text(encoding="utf-8"))
    calculated = [column for column in asset["columns"] if column.get("expression")]
    asset["description"] = mart.description
    asset["columns"] = [
        {
            "column_name": column.name,
            "type": _SUPERSET_TYPES.get(column.type, column.type.upper()),
            "is_dttm": column.type in {"date", "timestamptz"},
            "groupby": not column.is_personal,
            "filterable": not column.is_personal,
            "description": column.description,
        }
        for column in mart.columns
        if _BUILDS_ONLY not in column.description
    ] + calculated
    return yaml.safe_dump(asset, sort_keys=False, allow_unicode=True, width=120)
