"""One command of dbt, in this process, on the project as it was parsed the last time."""

from __future__ import annotations

import gc
import hashlib
import json
import os
import pickle
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, cast

from psycopg import conninfo

from quanyu import project_files
from quanyu.settings import PROJECT

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult
    from dbt.contracts.graph.manifest import Manifest

DBT_PROJECT = PROJECT / "dbt_project"


@contextmanager
def _uncollected() -> Iterator[None]:
    """Leave cyclic garbage where it is for a while.

    What dbt knows of the project is a million objects that live to the end, and Python looks through them again and
    again: a fifth of the time of a night's builds. Left alone, all layers in one process take 630 MB instead of 270.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@_uncollected()
def invoke(
    command: Iterable[str],
    dsn: str,
    folder: Path,
    variables: Mapping[str, object],
    *,
    project: Path = DBT_PROJECT,
    is_delta: bool = False,
) -> dbtRunnerResult:
    """Run a command against a warehouse; what it writes, dbt.log too, goes into `folder`.

    dbt parses all of a project again, 11 s for ours, when a variable differs from the last time, and the business date
    differs every night. No name, config or reference hangs on it, so the parsed project is kept beside `folder` and
    handed to dbt (https://docs.getdbt.com/reference/programmatic-invocations, "Reusing objects").
    """
    from dbt.cli.main import dbtRunner

    kept, fingerprint = _kept(dsn, folder, variables, project, is_delta=is_delta), _fingerprint(project)
    manifest = _read(kept, fingerprint)
    if manifest is None:
        outcome = parse(dsn, folder, variables, project=project, is_delta=is_delta)
        if not outcome.success:
            return outcome
        manifest = cast("Manifest", outcome.result)
        _write(kept, fingerprint, manifest)
    with _environment(dsn, is_delta=is_delta):
        return dbtRunner(manifest=manifest).invoke([*command, *_options(folder, variables, project)])


@_uncollected()
def parse(
    dsn: str,
    folder: Path,
    variables: Mapping[str, object],
    *,
    project: Path = DBT_PROJECT,
    is_delta: bool = False,
) -> dbtRunnerResult:
    """Parse the project and write what dbt makes of it, the semantic manifest too, into `folder`."""
    from dbt.cli.main import dbtRunner

    with _environment(dsn, is_delta=is_delta):
        return dbtRunner().invoke(["parse", *_options(folder, variables, project)])


def _options(folder: Path, variables: Mapping[str, object], project: Path) -> list[str]:
    return [
        *("--log-path", str(folder), "--log-level", "none", "--log-level-file", "info", "--no-use-colors-file"),
        *("--project-dir", str(project), "--profiles-dir", str(project), "--target-path", str(folder)),
        *("--threads", "4", "--vars", json.dumps(variables)),
    ]


def _kept(dsn: str, folder: Path, variables: Mapping[str, object], project: Path, *, is_delta: bool) -> Path:
    """Where the parsed project is, for all that is parsed into it: tables are named with their database."""
    others = {name: value for name, value in variables.items() if name != "business_date"}
    database = conninfo.conninfo_to_dict(dsn).get("dbname")
    digest = hashlib.sha256(json.dumps([str(project), database, others, is_delta]).encode())
    return folder.parent / f"parsed_{digest.hexdigest()[:12]}.pickle"


def _fingerprint(project: Path) -> str:
    return f"{version('dbt-core')} {project} {project_files.digest(project, ['**/*'])}"


def _read(kept: Path, fingerprint: str) -> Manifest | None:
    if not kept.exists():
        return None
    with kept.open("rb") as file:
        if file.readline().decode().strip() != fingerprint:
            return None
        manifest: Manifest = pickle.load(file)  # noqa: S301  # written by us, beside dbt's own files
        return manifest


def _write(kept: Path, fingerprint: str, manifest: Manifest) -> None:
    """Whole or not at all: layers of two warehouses may write at the same time."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    unfinished = kept.with_suffix(f".{os.getpid()}")
    # dbt 1.11 pickles its lookups one place off (Manifest.__reduce_ex__ leaves fixtures out); a copy has none yet.
    bare = manifest.deepcopy()  # type: ignore[no-untyped-call]  # dbt gives it no types
    unfinished.write_bytes(f"{fingerprint}\n".encode() + pickle.dumps(bare))
    unfinished.replace(kept)


@contextmanager
def _environment(dsn: str, *, is_delta: bool) -> Iterator[None]:
    """What `dbt_project/profiles.yml` reads; dbt takes credentials from the environment only; leave none behind."""
    info = conninfo.conninfo_to_dict(dsn)
    known = {"host": "127.0.0.1", "port": "5432", "user": "", "password": "", "dbname": "", "sslmode": "prefer"}
    variables = {f"DBT_QUANYU_{name.upper()}": str(info.get(name, default)) for name, default in known.items()}
    variables["DBT_QUANYU_DELTA"] = "yes" if is_delta else "no"
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
