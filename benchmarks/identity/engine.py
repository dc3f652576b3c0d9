"""Our macros alone, without the models: a dbt project of nothing but dbt_project/macros, and a way to call them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg import conninfo

from quanyu.settings import PROJECT

_PROJECT = """\
name: quanyu
profile: quanyu
macro-paths: [{macros}, macros]
flags: {{send_anonymous_usage_stats: false}}
"""

# A run-operation commits nothing by itself. One call, one transaction, as in a materialization.
_CALLS = """\
{% macro call_in_turn(calls) -%}
    {%- for call in calls -%}
        {%- if call.sql is defined -%}
            {%- do run_query(call.sql) -%}
        {%- else -%}
            {%- do context[call.macro](**call.arguments) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do run_query('commit') -%}
{%- endmacro %}
"""


@dataclass(frozen=True)
class Call:
    """A macro by name, with the names of its relations."""

    macro: str
    arguments: dict[str, str]


@dataclass
class Clock:
    """Listens to dbt: when the first statement was sent, when the last one was done, and how long each took."""

    first: float = 0.0
    last: float = 0.0
    statements: list[tuple[str, float]] = field(default_factory=list)
    _sql: str = ""

    def listen(self, event: Any) -> None:
        """Take note of statements and their ends."""
        if event.info.name == "SQLQuery":
            self.first = self.first or time.perf_counter()
            self._sql = event.data.sql
        elif event.info.name == "SQLQueryStatus":
            self.last = time.perf_counter()
            self.statements.append((self._sql, event.data.elapsed))

    @property
    def seconds(self) -> float:
        """Without the start of dbt."""
        return self.last - self.first

    def seconds_of(self, words: str) -> float:
        """What the statements took that contain these words."""
        return sum(seconds for statement, seconds in self.statements if words in statement)


@dataclass(frozen=True)
class Engine:
    """Runs macros in a warehouse; `folder` takes the tiny project, with the password in it, and dbt's files."""

    folder: Path
    url: str

    def prepare(self) -> Engine:
        """Write the project."""
        (self.folder / "macros").mkdir(parents=True, exist_ok=True)
        macros = os.path.relpath(PROJECT / "dbt_project" / "macros", self.folder)
        (self.folder / "dbt_project.yml").write_text(_PROJECT.format(macros=json.dumps(macros)), encoding="utf-8")
        (self.folder / "macros" / "call_in_turn.sql").write_text(_CALLS, encoding="utf-8")
        info = conninfo.conninfo_to_dict(self.url)
        output = {name: info[name] for name in ("host", "user", "password", "dbname")}
        output |= {"type": "postgres", "schema": "public", "threads": 1, "port": int(str(info["port"]))}
        profiles = self.folder / "profiles.yml"
        profiles.touch(mode=0o600)
        # JSON is YAML.
        profiles.write_text(json.dumps({"quanyu": {"target": "warehouse", "outputs": {"warehouse": output}}}))
        return self

    def run(self, calls: Iterable[Call | str]) -> Clock:
        """Call macros, and statements between them, in one dbt process and one transaction.

        Raises RuntimeError with dbt's words when one fails.
        """
        from dbt.cli.main import dbtRunner

        listed: list[dict[str, Any]] = [
            {"sql": call} if isinstance(call, str) else {"macro": call.macro, "arguments": call.arguments}
            for call in calls
        ]
        clock, place = Clock(), str(self.folder)
        outcome = dbtRunner(callbacks=[clock.listen]).invoke(
            ["--log-path", place, "--log-level", "none", "--log-level-file", "debug", "run-operation", "call_in_turn",
             "--args", json.dumps({"calls": listed}), "--project-dir", place, "--profiles-dir", place,
             "--target-path", f"{place}/target"]
        )  # fmt: skip
        if not outcome.success:
            raise RuntimeError(f"dbt run-operation failed; see {self.folder / 'dbt.log'}: {outcome.exception}")
        return clock
