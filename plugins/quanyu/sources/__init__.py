"""Systems we read, one folder each; and the way to read one alone, without Airflow and without a warehouse."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from typing import Any

from quanyu.contracts import Entity, Record, Source, Window
from quanyu.errors import ConfigurationError, QuanyuError
from quanyu.settings import environment_connection

_MASK = "***"


def run_alone(source: Source, arguments: list[str] | None = None) -> None:
    """Read one business day and print, per entity, the counts and a masked first record as a JSON line.

    The connection comes from `AIRFLOW_CONN_QUANYU_<NAME>`. Exits with 1 and the reason on an error.
    """
    parser = argparse.ArgumentParser(prog=f"python -m quanyu.sources.{source.name}", description=source.about)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--date", type=date.fromisoformat, required=True, help="business date, e.g. 2026-11-20")
    parser.add_argument("--entity", choices=[entity.name for entity in source.entities], help="only this one")
    wanted = parser.parse_args(arguments)
    try:
        where = environment_connection(source.name)
        if where is None:
            raise ConfigurationError(
                f"{source.name} has no connection.", remedy=f"set AIRFLOW_CONN_QUANYU_{source.name.upper()}."
            )
        with source.connect(where) as client:
            for entity in source.entities:
                if wanted.entity in {None, entity.name}:
                    seen = {"source": source.name, **_read(entity, client, wanted.date)}
                    sys.stdout.write(json.dumps(seen, ensure_ascii=False) + "\n")
    except QuanyuError as error:
        sys.exit(str(error))


def _read(entity: Entity, client: Any, day: date) -> Record:
    pages = records = 0
    first: Record | None = None
    for page in entity.read(client, Window.of_days(day, day)):
        pages += 1
        records += len(page.records)
        if first is None and page.records:
            first = page.records[0]
            for path in entity.personal:
                _mask(first, path.split("."))
    return {"entity": entity.name, "date": day.isoformat(), "pages": pages, "records": records, "first": first}


def _mask(value: Any, path: list[str]) -> None:
    """Blank what a dotted path with `[]` leads to, in place."""
    if not isinstance(value, dict):
        return
    name, is_list = path[0].removesuffix("[]"), path[0].endswith("[]")
    if name not in value:
        return
    if len(path) == 1:
        value[name] = [_MASK for _ in value[name] or []] if is_list else _MASK
        return
    for item in (value[name] or []) if is_list else [value[name]]:
        _mask(item, path[1:])
