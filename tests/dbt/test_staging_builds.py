"""What the sandbox's platforms say, landed through the raw gate, becomes staging without a failing test.

One warehouse for all the sources that were selected (`-k <source>`), built before anything landed and after, read off
source by source.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import psycopg
import pytest
from psycopg import sql

from quanyu import dbt_command, discovery, gates, landing
from quanyu.contracts import Source
from quanyu.errors import QuanyuError
from quanyu.local.postgres import EmbeddedPostgres
from quanyu.settings import settings
from tests.dbt.evidence_kit import NIGHT, VAULT, warehouse_of_its_own
from tests.sandbox import running_sandbox

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
SOURCES = [pytest.param(source, id=source.name) for source in discovery.sources().values()]


@dataclass(frozen=True)
class Night:
    """A warehouse after landing and staging; `nodes` has the status of each dbt node.

    A source that does not land, such as one just scaffolded, is in `failed` and breaks its own tests only.
    """

    dsn: str
    failed: dict[str, QuanyuError]
    sealed: dict[str, landing.SourceNight]
    nodes: dict[str, str]
    empty: dict[str, str]

    def rows(self, relation: str) -> int:
        with psycopg.connect(self.dsn) as connection:
            row = connection.execute(sql.SQL("select count(*) from {}").format(sql.Identifier(*relation.split("."))))
            return int(row.fetchone()[0])  # type: ignore[index]


@pytest.fixture(scope="module")
def night(
    request: pytest.FixtureRequest, postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Night]:
    selected = {
        item.callspec.params["source"].name: item.callspec.params["source"]
        for item in request.session.items
        if item.path == Path(__file__) and "source" in getattr(item, "callspec", _NoParams).params
    }
    with (
        warehouse_of_its_own(postgres, tmp_path_factory.mktemp("home")) as house,
        running_sandbox(people=60, seed=11, business_date=NIGHT) as sandbox,
    ):
        folders = sorted({f"path:models/staging/{_folder(source)}" for source in selected.values()})
        empty = _build(house.dsn, [*folders, "--exclude-resource-type", "unit_test"])
        failed = {}
        for source in selected.values():
            try:
                for entity in source.entities:
                    where = sandbox.connection(source.name)
                    landing.land(source, entity, where, NIGHT, dsn=house.dsn, vault=VAULT, history_days=30)
            except QuanyuError as error:
                failed[source.name] = error
        gates.check(house.dsn, "raw", NIGHT, landing.pens(house.dsn, NIGHT))
        sealed = {}
        for source in selected.values():
            landing.admit(house.dsn, NIGHT, source.name)
            sealed[source.name] = landing.seal(house.dsn, NIGHT, source)
        yield Night(house.dsn, failed, sealed, _build(house.dsn, folders), empty)


class _NoParams:
    params: ClassVar[dict[str, Source]] = {}


def _models(source: Source) -> list[Path]:
    """The staging models that read the source; a second feed of the same records has none of its own."""
    paths = sorted((PROJECT / "models" / "staging").rglob("stg_*.sql"))
    return [path for path in paths if f"source('{source.name}'" in path.read_text("utf-8")]


def _of(source: Source, nodes: dict[str, str]) -> dict[str, str]:
    """What dbt said of the folder of those models."""
    return {name: said for name, said in nodes.items() if f"/staging/{_folder(source)}/" in name}


def _folder(source: Source) -> str:
    """Where its staging is: in a folder of its own, or in the one of the source whose records it feeds too."""
    models = _models(source)
    return models[0].parent.name if models else source.name


def _build(dsn: str, selected: list[str]) -> dict[str, str]:
    """Build seeds and what is selected, with its tests; the status of each node."""
    target = settings().home / "dbt" / "staging"
    command = ["build", "--indirect-selection", "buildable", "--select", "path:seeds", *selected]
    outcome = dbt_command.invoke(command, dsn, target, {"business_date": NIGHT.isoformat()})
    assert outcome.result is not None, outcome.exception
    return {f"{r.node.original_file_path}::{r.node.name}": f"{r.status}: {r.message}" for r in outcome.result.results}


@pytest.mark.parametrize("source", SOURCES)
def test_the_raw_gate_lets_the_platforms_rows_through(night: Night, source: Source) -> None:
    sealed = night.sealed[source.name]
    assert source.name not in night.failed
    assert not sealed.error
    assert sealed.status == "complete"
    for entity in source.entities:
        assert night.rows(f"raw.{source.name}__{entity.name}") > 0, entity.name


@pytest.mark.parametrize("source", SOURCES)
def test_staging_builds_and_its_tests_hold(night: Night, source: Source) -> None:
    own = _of(source, night.nodes)
    assert own, "the source has no staging models"
    assert not {name: said for name, said in own.items() if not said.startswith(("success", "pass"))}


@pytest.mark.parametrize("source", SOURCES)
def test_every_staging_model_has_rows(night: Night, source: Source) -> None:
    models = [path.stem for path in _models(source)]
    assert models
    assert not [model for model in models if not night.rows(f"staging.{model}")]


@pytest.mark.parametrize("source", SOURCES)
def test_staging_builds_for_a_brand_without_the_source(night: Night, source: Source) -> None:
    own = _of(source, night.empty)
    assert own
    assert not {name: said for name, said in own.items() if not said.startswith(("success", "pass"))}


@pytest.mark.parametrize("source", SOURCES)
def test_no_phone_of_anybody_stands_in_raw(night: Night, source: Source) -> None:
    for entity in source.entities:
        relation = sql.Identifier("raw", f"{source.name}__{entity.name}")
        query = sql.SQL(r"select count(*) from {} where payload::text ~ '\D1[3-9]\d{{9}}\D'").format(relation)
        with psycopg.connect(night.dsn) as connection:
            assert connection.execute(query).fetchone() == (0,), entity.name
