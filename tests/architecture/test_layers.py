"""Imports run one way, 4 -> 3 -> 2 -> 1 -> 0; only the modules named here touch Airflow or the clock."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "plugins" / "quanyu"

# First name under `quanyu.` -> layer. A new module must be placed here before it can be imported.
LAYERS = {
    "contracts": 0,
    "errors": 0,
    "settings": 0,
    "transport": 1,
    "fan": 1,
    "deadline": 1,
    "tokens": 1,
    "paging": 1,
    "outbox": 1,
    "declared": 1,
    "tables": 1,
    "taobao": 1,
    "top": 1,
    "youzan": 1,
    "tencent_ads": 1,
    "ocean_engine": 1,
    "uploads": 1,
    "xiaohongshu": 1,
    "warehouse": 1,
    "identity_policy": 1,
    "identity_state": 2,
    "marts_state": 2,
    "vault": 1,
    "wechat": 1,
    "wechat_notices": 1,
    "aliyun": 1,
    "broadcasts": 1,
    "filedrop": 1,
    "heard": 1,
    "mail": 1,
    "tencent_cloud": 1,
    "sources": 2,
    "channels": 2,
    "audiences": 2,
    "discovery": 3,
    "landing": 3,
    "gates": 3,
    "dbt": 3,
    "dbt_command": 2,
    "project_files": 1,
    "proposals": 3,
    "publish": 3,
    "activation": 3,
    "report": 3,
    "marts_docs": 3,
    "metrics": 3,
    "stewardship": 3,
    "local": 4,
    "desk": 4,
    "cli": 4,
    "source_commands": 4,
    "bi_commands": 4,
    "marts_commands": 4,
    "segments": 3,
    "segment_commands": 4,
    "campaign_commands": 4,
    "orchestration": 4,
}

FILES = sorted(PACKAGE.rglob("*.py"))


def _module(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0] if parts else ""


def _imports(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module, node.lineno
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            raise AssertionError(f"{path}:{node.lineno}: relative import; name the whole path")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_lower_layers(path: Path) -> None:
    own = _module(path)
    if own == "__init__":
        return
    assert own in LAYERS, f"{own} has no layer; add it to LAYERS"
    for name, line in _imports(path):
        head, _, rest = name.partition(".")
        other = rest.split(".")[0]
        if head != "quanyu" or other not in LAYERS or other == own:
            continue
        allowed = LAYERS[other] < LAYERS[own] or (LAYERS[other] == LAYERS[own] != 2)
        assert allowed, f"{path}:{line}: layer {LAYERS[own]} ({own}) imports layer {LAYERS[other]} ({other})"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_sources_and_channels_know_neither_each_other_nor_the_warehouse(path: Path) -> None:
    parts, kinds = path.relative_to(PACKAGE).parts, {"sources", "channels", "audiences"}
    if parts[0] not in kinds or len(parts) < 2 or parts[1] in {"__init__.py", "__main__.py"}:
        return
    own = f"quanyu.{parts[0]}.{Path(parts[1]).stem}"
    for name, line in _imports(path):
        assert not name.startswith(("quanyu.warehouse", "quanyu.vault", "psycopg")), f"{path}:{line}: imports {name}"
        if name.startswith(tuple(f"quanyu.{kind}." for kind in kinds)):
            assert name == own or name.startswith(own + "."), f"{path}:{line}: imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_orchestration_imports_airflow(path: Path) -> None:
    if _module(path) == "orchestration":
        return
    assert not [name for name, _ in _imports(path) if name.split(".")[0] == "airflow"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_clock_is_read_in_settings_only(path: Path) -> None:
    """Logic takes the business date as an argument; `settings` owns the two clocks."""
    if _module(path) == "settings":
        return
    clocks = {"now", "utcnow", "today"}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in clocks:
            owner = ast.unparse(node.func.value)
            assert owner not in {"datetime", "date", "datetime.datetime", "datetime.date"}, (
                f"{path}:{node.lineno}: {owner}.{node.func.attr}()"
            )


def test_no_sql_of_the_project_reads_the_clock() -> None:
    clocks = ("current_date", "current_timestamp", "now()", "localtimestamp", "clock_timestamp()")
    files = [path for path in (ROOT / "dbt_project").rglob("*.sql") if "target" not in path.parts]
    assert files
    for path in files:
        text = path.read_text(encoding="utf-8").lower()
        assert not [clock for clock in clocks if clock in text], f"{path}: the business date is a variable"
