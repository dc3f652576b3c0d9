"""Staging, identity, marts and segments: one in-process dbt build per layer, its results in the night's books."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg import sql
from psycopg.types.json import Jsonb

from quanyu import dbt_command, identity_state, marts_state, warehouse
from quanyu.dbt_command import DBT_PROJECT
from quanyu.errors import ConfigurationError, Rejected, Retryable
from quanyu.identity_policy import check_policy
from quanyu.settings import settings

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult

LAYERS = {
    "staging": ("path:seeds", "path:models/staging"),
    "identity": ("path:models/identity",),
    "marts": ("path:models/marts",),
    "segments": ("path:models/segments",),
}

_FINE = {"success", "pass", "warn", "no-op"}

# Postgres repeats the offending value after these words; everything else in quotes is a name of ours.
_VALUE = re.compile(r'((?::|\bvalue|\bsequence|\btoken)\s*)"[^"]*"', re.IGNORECASE)
_DATA_LINES = re.compile(r"^\s*(DETAIL|CONTEXT|HINT|LINE \d+|compiled code at)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class NodeResult:
    """What became of one model, seed or test; `message` is free of values."""

    node: str
    resource_type: str
    status: str
    seconds: float
    rows_affected: int | None
    message: str


@dataclass(frozen=True, slots=True)
class Compiled:
    """A segment as its file stands: a query over the published marts, and its meta."""

    query: str
    meta: dict[str, Any]


def build(layer: str, business_date: date, *, dsn: str, retry: bool = False) -> list[NodeResult]:
    """Build one layer and run its tests; `retry` repeats only what failed or was skipped the last time.

    Identity and marts continue their last build where they can, with the outcome of building them anew.

    Raises ConfigurationError naming the lines of the identity policy that are wrong, Rejected naming the nodes that
    failed, Retryable when another build holds the warehouse.
    """
    if layer not in LAYERS:
        raise ConfigurationError(f"there is no layer {layer}.", remedy=f"use one of {', '.join(LAYERS)}.")
    with _alone(dsn), _prepared(layer, business_date, dsn) as is_delta:
        # What may be a delta has no part of itself to repeat: a build that failed is done anew.
        retry = retry and layer not in {"identity", "marts"}
        outcome = _invoke(layer, business_date, dsn, retry=retry, is_delta=is_delta)
        results = [_node_result(result) for result in getattr(outcome.result, "results", ())]
        _write_results(dsn, layer, business_date, results, keep=retry)
        _refuse_failures(layer, business_date, outcome, results)
        if layer == "segments":
            _write_segments(dsn, _folder(layer) / "manifest.json")
    return results


def compile_segment(segment: str, business_date: date, *, dsn: str) -> Compiled:
    """Compile one segment's file for a business date; nothing is built.

    Raises ConfigurationError when there is no such segment or dbt cannot compile it.
    """
    folder = settings().home / "dbt" / "preview"
    variables = {"business_date": business_date.isoformat()}
    outcome = dbt_command.invoke(["compile", "--select", segment], dsn, folder, variables, project=DBT_PROJECT)
    nodes = [result.node for result in getattr(outcome.result, "results", ())]
    node = next((node for node in nodes if node.original_file_path == f"models/segments/{segment}.sql"), None)
    if not outcome.success or node is None:
        said = without_values(str(outcome.exception)) if outcome.exception else "there is no such file"
        raise ConfigurationError(
            f"segment {segment} does not compile: {said}.",
            remedy=f"write or mend dbt_project/models/segments/{segment}.sql; `quanyu segment new` writes a first one.",
        )
    return Compiled(str(node.compiled_code).replace('"marts_build".', '"marts".'), dict(node.config.meta))


@contextmanager
def _prepared(layer: str, business_date: date, dsn: str) -> Iterator[bool]:
    """Hand a layer what it needs beside its models; whether it may be built as a delta."""
    seeds = DBT_PROJECT / "seeds"
    with ExitStack() as stack:
        is_delta = False
        if layer == "staging":
            check_policy(seeds / "identity_identifier_types.csv", seeds / "identity_blocked_values.csv")
            marts_state.remember_staged(dsn, business_date)
        elif layer == "identity":
            identity_state.block_phones(dsn, seeds / "identity_blocked_values.csv")
            is_delta = stack.enter_context(identity_state.continued(dsn, DBT_PROJECT))
        elif layer == "marts":
            is_delta = stack.enter_context(marts_state.continued(dsn, DBT_PROJECT, business_date))
        yield is_delta


def _folder(layer: str) -> Path:
    return settings().home / "dbt" / layer


@contextmanager
def _alone(dsn: str) -> Iterator[None]:
    """Two builds in one warehouse would drop each other's tables; the lock ends with the connection."""
    with warehouse.connect(dsn, autocommit=True) as connection:
        row = connection.execute("select pg_try_advisory_lock(hashtext('quanyu.dbt'))").fetchone()
        if row != (True,):
            raise Retryable("another dbt build runs in this warehouse.", remedy="wait for it; nothing was changed.")
        try:
            yield
        finally:
            # The server notices a closed connection a moment later; the next layer must not find the lock taken.
            connection.execute("select pg_advisory_unlock(hashtext('quanyu.dbt'))")


def failed(outcome: dbtRunnerResult) -> list[NodeResult]:
    """The nodes that failed themselves; what was skipped because of them is none."""
    results = [_node_result(result) for result in getattr(outcome.result, "results", ())]
    return [result for result in results if result.status not in _FINE and result.status != "skipped"]


def _invoke(layer: str, business_date: date, dsn: str, *, retry: bool, is_delta: bool) -> dbtRunnerResult:
    folder = _folder(layer)
    variables = {"business_date": business_date.isoformat()}
    command = ["retry"]
    if not (retry and _failed_before(folder, variables)):
        # A build that dies leaves no results; those of the build before it must not steer the retry.
        (folder / "run_results.json").unlink(missing_ok=True)
        command = ["build", "--select", *LAYERS[layer], "--indirect-selection", "buildable"]
        command += ["--exclude-resource-type", "unit_test"]
    return dbt_command.invoke(command, dsn, folder, variables, project=DBT_PROJECT, is_delta=is_delta)


def _failed_before(folder: Path, variables: dict[str, str]) -> bool:
    """Whether the last build here was of the same night and left something to repeat."""
    try:
        last = json.loads((folder / "run_results.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    failed = any(result["status"] not in _FINE for result in last["results"])
    return bool(last["args"].get("vars") == variables and failed)


def _node_result(result: Any) -> NodeResult:
    rows = (result.adapter_response or {}).get("rows_affected")
    return NodeResult(
        node=result.node.name,
        resource_type=str(result.node.resource_type),
        status=str(result.status),
        seconds=float(result.execution_time),
        rows_affected=rows if isinstance(rows, int) and rows >= 0 else None,
        message=without_values(str(result.message or "")),
    )


def without_values(message: str) -> str:
    """What went wrong and where, without the data it went wrong on."""
    lines = [line.strip() for line in message.splitlines()]
    kept = [line for line in lines if line and not _DATA_LINES.match(line)]
    return _VALUE.sub(r'\1"…"', " ".join(kept[:3]))[:500]


def _write_results(dsn: str, layer: str, business_date: date, results: Iterable[NodeResult], *, keep: bool) -> None:
    """Replace the layer's rows of that date; a retry replaces only the nodes it ran again."""
    results = list(results)
    with warehouse.connect(dsn) as connection:
        connection.execute(
            "delete from ops.dbt_result where business_date = %s and layer = %s and (node = any(%s) or not %s)",
            [business_date, layer, [result.node for result in results], keep],
        )
        warehouse.copy_rows(
            connection,
            sql.Identifier("ops", "dbt_result"),
            ("business_date", "layer", "node", "resource_type", "status", "seconds", "rows_affected", "message"),
            (
                (business_date, layer, r.node, r.resource_type, r.status, r.seconds, r.rows_affected, r.message)
                for r in results
            ),
        )


def _refuse_failures(layer: str, business_date: date, outcome: dbtRunnerResult, results: list[NodeResult]) -> None:
    """Raise Rejected when a node failed, or when dbt itself could not start."""
    failed = [result for result in results if result.status not in _FINE and result.status != "skipped"]
    if outcome.success and not failed:
        return
    place = f"dbt {layer} {business_date}"
    if not failed:
        raise Rejected(
            f"dbt did not run: {without_values(str(outcome.exception))}",
            remedy=f"correct the project; the whole story is in {_folder(layer) / 'dbt.log'}.",
        ).at(place)
    names = ", ".join(result.node for result in failed[:10]) + (", …" if len(failed) > 10 else "")
    raise Rejected(
        f"{len(failed)} of {len(results)} nodes failed: {names}. First: {failed[0].message}",
        remedy="see ops.dbt_result for each node; correct the model or the data, then run the layer again.",
    ).at(place)


def _write_segments(dsn: str, manifest: Path) -> None:
    """Keep what each segment says of itself for activation; a segment whose file is gone is forgotten."""
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    segments = {
        node["name"]: node["config"]["meta"]
        for node in nodes
        if node["resource_type"] == "model" and node["original_file_path"].startswith("models/segments/")
    }
    with warehouse.connect(dsn) as connection:
        connection.execute("delete from ops.segment where segment <> all(%s)", [list(segments)])
        connection.cursor().executemany(
            """insert into ops.segment (segment, meta) values (%s, %s)
            on conflict (segment) do update set meta = excluded.meta, defined_at = clock_timestamp()
            where segment.meta is distinct from excluded.meta""",
            [(name, Jsonb(meta)) for name, meta in segments.items()],
        )
