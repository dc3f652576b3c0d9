"""Run the expectations of a border over the relations that are about to cross it; stop, or warn.

The suites are `expectations/<gate>.yml` and, where a gate has them, one file per source in `expectations/<gate>/`:
what must hold for which relations, how severe it is when it does not, and why. Great Expectations does the checking;
results are counts, never values.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any, Literal

import yaml
from psycopg import sql
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from quanyu import landing, warehouse
from quanyu.errors import ConfigurationError, GateFailed, Rejected
from quanyu.settings import PROJECT

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuite, ExpectationValidationResult
    from great_expectations.datasource.fluent.interfaces import Batch
    from great_expectations.datasource.fluent.postgres_datasource import PostgresDatasource

_SUITES = PROJECT / "expectations"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Check(_Strict):
    """One expectation: its Great Expectations type and arguments, and what a reader of the report is told."""

    type: str
    severity: Literal["fail", "warn"]
    reason: str = Field(min_length=10)
    column: str | None = None
    kwargs: dict[str, Any] = {}


class Suite(_Strict):
    """Checks for the relations whose `schema.name` matches one of the patterns."""

    relations: tuple[str, ...] = Field(min_length=1)
    expectations: tuple[Check, ...] = Field(min_length=1)

    def covers(self, name: str) -> bool:
        """Whether the suite is meant for this relation."""
        return any(fnmatchcase(name, pattern) for pattern in self.relations)


@dataclass(frozen=True, slots=True)
class GateResult:
    """What one check found on one relation; the counts are None where the check could not run."""

    relation: str
    check: Check
    is_met: bool
    unexpected_count: int | None = None
    element_count: int | None = None

    def __str__(self) -> str:
        where = f"{self.relation}.{self.check.column}" if self.check.column else self.relation
        total = f" of {self.element_count}" if self.element_count is not None else ""
        count = "could not be checked" if self.unexpected_count is None else f"{self.unexpected_count}{total}"
        return f"{where}: {self.check.reason} ({self.check.type}: {'holds' if self.is_met else count})"


@dataclass(frozen=True, slots=True)
class GateReport:
    """All that one run of a gate found."""

    gate: str
    business_date: date
    results: tuple[GateResult, ...]

    @property
    def broken(self) -> tuple[GateResult, ...]:
        """What keeps the gate shut."""
        return tuple(result for result in self.results if not result.is_met and result.check.severity == "fail")

    @property
    def warnings(self) -> tuple[GateResult, ...]:
        """What somebody should look at by day."""
        return tuple(result for result in self.results if not result.is_met and result.check.severity == "warn")


def check(dsn: str, gate: str, business_date: date, relations: Mapping[str, str] | None = None) -> GateReport:
    """Check a gate, enter every result in `ops.gate_result`, and raise GateFailed when a `fail` does not hold.

    `relations` maps the name a suite knows to the relation to read; left out, it is every pen that waits
    (gate `raw`) or all that exists in the schemas the suites name. Raises Rejected when that is nothing.
    """
    suites = read_suites(gate)
    if relations is None:
        relations = landing.pens(dsn, business_date) if gate == "raw" else _found(dsn, suites)
        if not relations and gate != "raw":
            raise Rejected(f"gate {gate} {business_date} found nothing to check.", remedy="build the models first.")
    planned = {name: [c for suite in suites if suite.covers(name) for c in suite.expectations] for name in relations}
    report = GateReport(gate, business_date, tuple(_run(dsn, relations, planned, business_date)))
    _enter(dsn, report, relations)
    if report.broken:
        raise GateFailed(
            f"{len(report.broken)} of {len(report.results)} expectations of gate {gate} do not hold: "
            + "; ".join(map(str, report.broken)),
            remedy="what readers see stays as it was. Look at the rows, mend the cause, run the date again.",
        ).at(f"{gate} {business_date}")
    return report


def read_suites(gate: str) -> list[Suite]:
    """The suites of a gate. Raises ConfigurationError naming the file and each wrong key."""
    common = _SUITES / f"{gate}.yml"
    if not common.exists():
        raise ConfigurationError(f"there is no gate {gate}.", remedy=f"write expectations/{gate}.yml.")
    return [suite for path in (common, *sorted((_SUITES / gate).glob("*.yml"))) for suite in _read(path)]


def _read(path: Path) -> list[Suite]:
    try:
        return TypeAdapter(list[Suite]).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigurationError(
            f"{path.relative_to(_SUITES.parent)}: {wrong}.", remedy="see Suite and Check in gates.py."
        ) from None


def _found(dsn: str, suites: Iterable[Suite]) -> dict[str, str]:
    schemas = {pattern.split(".")[0] for suite in suites for pattern in suite.relations}
    with warehouse.connect(dsn) as connection:
        tables = connection.execute(
            """select table_schema || '.' || table_name from information_schema.tables
            where table_schema = any(%s) order by 1""",
            [sorted(schemas)],
        )
        return {name: name for (name,) in tables if any(suite.covers(name) for suite in suites)}


def _run(
    dsn: str, relations: Mapping[str, str], planned: Mapping[str, list[Check]], business_date: date
) -> Iterator[GateResult]:
    if not any(planned.values()):
        return
    with _datasource(dsn) as datasource:
        for name, checks in planned.items():
            if checks:
                found = _batch(datasource, relations[name]).validate(
                    _suite(name, checks, {"relation": name, "business_date": business_date.isoformat()}),
                    # No unexpected value is fetched: it would be a personal one sooner or later.
                    result_format={"result_format": "SUMMARY", "partial_unexpected_count": 0},
                )
                by_number = {_number(result): result for result in found.results}
                # A check that the library dropped as a double has no result, and what has none does not hold.
                yield from (_result(name, wanted, by_number.get(number)) for number, wanted in enumerate(checks))


def _batch(datasource: PostgresDatasource, relation: str) -> Batch:
    schema, table = relation.split(".")
    with warnings.catch_warnings():
        # Deprecated in favour of a schema per data source, which Postgres data sources do not have.
        warnings.simplefilter("ignore", DeprecationWarning)
        asset = datasource.add_table_asset(relation, table_name=table, schema_name=schema)
    return asset.add_batch_definition_whole_table("all").get_batch()


@contextmanager
def _datasource(dsn: str) -> Iterator[PostgresDatasource]:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read on import; nothing is sent anywhere
    import great_expectations
    from great_expectations.data_context.types.base import ProgressBarsConfig
    from sqlalchemy import make_url

    # Its log lines quote queries and the values that broke them; one of its modules sets a level of its own.
    for name in ("great_expectations", "great_expectations.data_context.types.base"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    context = great_expectations.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    # A `$` in a password would be read as one of its variables.
    url = make_url(dsn).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    datasource = context.data_sources.add_postgres("warehouse", connection_string=url.replace("$", "%24"))
    try:
        yield datasource
    finally:
        datasource.get_engine().dispose()


def _suite(name: str, checks: list[Check], names: Mapping[str, str]) -> ExpectationSuite:
    from great_expectations.core import ExpectationSuite
    from great_expectations.exceptions.exceptions import ExpectationNotFoundError
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    suite = ExpectationSuite(name=name)
    for number, wanted in enumerate(checks):
        kwargs = {
            key: Template(value).safe_substitute(names) if isinstance(value, str) else value
            for key, value in wanted.kwargs.items()
        }
        if wanted.column:
            kwargs["column"] = wanted.column
        try:
            # As objects: given as configurations, a second query of unexpected rows would replace the first.
            suite.add_expectation(
                ExpectationConfiguration(type=wanted.type, kwargs=kwargs, meta={"check": number}).to_domain_obj()
            )
        except (ExpectationNotFoundError, ValueError) as error:
            raise ConfigurationError(
                f"Great Expectations does not accept {wanted.type} ({type(error).__name__}).",
                remedy=f"correct the check “{wanted.reason}” in expectations/.",
            ) from None
    return suite


def _number(found: ExpectationValidationResult) -> int | None:
    meta = found.expectation_config.meta if found.expectation_config else None
    return meta["check"] if meta else None


def _result(name: str, wanted: Check, found: ExpectationValidationResult | None) -> GateResult:
    counts = found.result if found else {}
    # A query of unexpected rows observes their number; other expectations of a table observe something else.
    unexpected = counts.get("observed_value" if "unexpected_rows" in wanted.type else "unexpected_count")
    return GateResult(name, wanted, bool(found and found.success), unexpected, counts.get("element_count"))


def _enter(dsn: str, report: GateReport, relations: Iterable[str]) -> None:
    with warehouse.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.execute(
            "delete from ops.gate_result where business_date = %s and gate = %s and relation = any(%s)",
            [report.business_date, report.gate, list(relations)],
        )
        columns = (
            "business_date", "gate", "relation", "expectation", "column_name", "severity", "is_met",
            "unexpected_count", "element_count", "reason",
        )  # fmt: skip
        rows = (
            (
                report.business_date, report.gate, result.relation, result.check.type, result.check.column or "",
                result.check.severity, result.is_met, result.unexpected_count, result.element_count,
                result.check.reason,
            )
            for result in report.results
        )  # fmt: skip
        warehouse.copy_rows(connection, sql.Identifier("ops", "gate_result"), columns, rows)
