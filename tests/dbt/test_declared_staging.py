"""A brand's own YAML file all the way: files -> raw -> the staging models that were written for it, built by dbt."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from psycopg import sql

from quanyu import dbt_command, discovery, gates, landing, warehouse
from quanyu.contracts import Connection, Personal
from quanyu.declared import read_declaration
from quanyu.declared.scaffolding import scaffold_staging
from quanyu.local.postgres import EmbeddedPostgres
from quanyu.settings import PROJECT, settings
from quanyu.vault import Vault

KEY = bytes(range(32))
NIGHT = date(2026, 11, 20)
PHONE = "13812345678"

DECLARED = {
    "name": "till",
    "about": 'A till: "ours", with a colon.',
    "entities": {
        "sales": {
            "files": "SALES_{day}.jsonl",
            "format": "jsonl",
            "mode": "increment",
            "key": ["shop", "sale_no"],
            "version": "changed_at",
            "columns": {
                "shop": "text",
                "sale_no": "integer",
                "buyer.phone": {"type": "text?", "personal": "phone"},
                "buyer.birthday": {"type": "date?", "personal": "birthday"},
                "note": {"type": "text?", "personal": "text"},
                "paid_yuan": "money?",
                "weight": "number?",
                "pieces": "integer?",
                "is_gift": "boolean?",
                "due_on": "date?",
                "changed_at": "time",
                "lines": "array?",
            },
        }
    },
}
ROWS: list[dict[str, Any]] = [
    {
        "shop": "S1",
        "sale_no": 9007199254740993,
        "buyer": {"phone": PHONE, "birthday": "1990/5/1"},
        "note": "please ring",
        "paid_yuan": 12.3,
        "weight": "0.125",
        "pieces": 2,
        "is_gift": True,
        "due_on": "2026-12-01",
        "changed_at": "2026-11-20T01:30:00Z",
        "lines": [{"sku": "A"}],
    },
    {"shop": "S1", "sale_no": 2, "changed_at": "2026-11-20 10:00"},
]


@dataclass(frozen=True)
class Built:
    """Two warehouses after dbt built the scaffolded models; `nodes` has what it said of each node."""

    full: str
    nodes: dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def built(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    folder = tmp_path_factory.mktemp("brand")
    (folder / "sources").mkdir()
    (folder / "sources" / "till.yml").write_text(yaml.safe_dump(DECLARED), encoding="utf-8")
    (folder / "SALES_20261120.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in ROWS), encoding="utf-8")
    project = folder / "checkout" / "dbt_project"
    shutil.copytree(PROJECT / "dbt_project", project, ignore=shutil.ignore_patterns("target", "logs"))
    scaffold_staging(read_declaration(folder / "sources" / "till.yml"), folder / "checkout")
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        for name in ("declared_full", "declared_empty"):
            connection.execute(sql.SQL("create database {} template quanyu").format(sql.Identifier(name)))
    full, empty = postgres.url("declared_full"), postgres.url("declared_empty")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUANYU_VAULT_KEY", base64.b64encode(KEY).decode())
        patch.setenv("QUANYU_HOME", str(folder / "home"))
        patch.setenv("QUANYU_WAREHOUSE_URL", full)
        patch.setenv("QUANYU_SOURCES", str(folder / "sources"))
        settings.cache_clear()
        for dsn in (full, empty):
            with warehouse.connect(dsn) as prepared:
                landing.prepare(prepared)
        source = discovery.sources()["till"]
        where = Connection(name="till", url=folder.as_uri(), extra={"account": "brand-1"})
        landing.land(source, source.entities[0], where, NIGHT, dsn=full, vault=Vault(KEY), history_days=0)
        gates.check(full, "raw", NIGHT, landing.pens(full, NIGHT, "till"))
        landing.admit(full, NIGHT, "till")
        yield Built(full, {dsn: _build(dsn, project) for dsn in (full, empty)})
    settings.cache_clear()


def _build(dsn: str, project: Path) -> dict[str, str]:
    target = settings().home / "dbt" / dsn.rpartition("/")[2].partition("?")[0]
    command = ["build", "--select", "path:models/staging/till", "--indirect-selection", "buildable"]
    outcome = dbt_command.invoke(command, dsn, target, {"business_date": NIGHT.isoformat()}, project=project)
    assert outcome.result is not None, outcome.exception
    return {result.node.name: f"{result.status}: {result.message}" for result in outcome.result.results}


def test_the_models_build_and_their_tests_hold_with_rows_and_without(built: Built) -> None:
    for nodes in built.nodes.values():
        assert "stg_till__sales" in nodes
        assert len(nodes) == 2, "the model and its grain"
        assert not {name: said for name, said in nodes.items() if not said.startswith(("success", "pass"))}


def test_each_column_has_the_type_of_its_declaration(built: Built) -> None:
    with psycopg.connect(built.full) as connection:
        cursor = connection.execute("select * from staging.stg_till__sales order by sale_no desc")
        names = [column.name for column in cursor.description or ()]
        first, second = (dict(zip(names, row, strict=True)) for row in cursor)
    token = Vault(KEY).tokenise
    assert {name: first[name] for name in names if not name.endswith("landed_on")} == {
        "brand": "brand-1",
        "shop": "S1",
        "sale_no": 9007199254740993,
        "buyer_phone_token": token(Personal.PHONE, PHONE).token,
        "buyer_birthday_mmdd": "--0501",
        "note_token": token(Personal.TEXT, "please ring").token,
        "paid_fen": 1230,
        "weight": Decimal("0.125"),
        "pieces": 2,
        "is_gift": True,
        "due_on": date(2026, 12, 1),
        "changed_at": datetime(2026, 11, 20, 1, 30, tzinfo=UTC),
    }
    empty = {name for name, value in second.items() if value is None}
    assert empty == set(names) - {"brand", "shop", "sale_no", "changed_at", "landed_on", "first_landed_on"}
