"""One night, or a backfill, on a running stack: start its DAG runs and follow them to the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from quanyu.errors import ConfigurationError, Rejected, Retryable
from quanyu.local.api import AirflowApi, Run, TaskRun
from quanyu.local.stack import Stack
from quanyu.settings import utc_now

_POLL_SECONDS = 1.0
_PARSE_SECONDS = 90
_INGEST_SECONDS = 15
_HANDOVER_SECONDS = 90
# More than a poll and the commit of a change take; what is told twice is seen once, and what is missed is told at the
# run's end.
_LATELY = timedelta(seconds=30)

Watch = Callable[[TaskRun], None]
"""Called whenever a task changes its state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a night's runs ended; `failed` are the tasks that failed themselves, the first one first."""

    runs: Sequence[Run]
    failed: Sequence[TaskRun]

    @property
    def is_good(self) -> bool:
        """Whether every run succeeded."""
        return all(run.state == "success" for run in self.runs)


def run_night(
    stack: Stack, business_date: date, *, watch: Watch = lambda _: None, patience: float = 24 * 3600
) -> Outcome:
    """Run ingest, transform and activate for a date and wait for all of them, `patience` seconds at most.

    Raises ConfigurationError when no source is switched on, Retryable when Airflow does not get on.
    """
    stack.require_alive()
    api = stack.api
    ingests = _ingests(api)
    before = {run.run_id for run in api.runs(business_date)}
    follower = _Follower(stack, business_date, before, watch, time.monotonic() + patience)
    for dag_id in ingests:
        api.trigger(dag_id, business_date)
    if before:
        # The ledger still holds the first run of this date, so `transform` would not wait for the second.
        follower.until(set(ingests))
    api.trigger("transform", business_date)
    follower.until({*ingests, "transform"})
    if follower.state("transform") == "success":
        follower.until({*ingests, "transform", "activate"})
    return follower.outcome()


def run_backfill(
    stack: Stack,
    business_date: date,
    first: date,
    last: date,
    sources: Collection[str] = (),
    *,
    watch: Watch = lambda _: None,
    patience: float = 24 * 3600,
) -> Outcome:
    """Read the days `first` to `last` again, of `sources` or of all, and publish what they change; nothing is sent.

    The rows land under `business_date`, the last night, which then knows more of the past. Raises
    ConfigurationError for a source that is not switched on.
    """
    stack.require_alive()
    api = stack.api
    on = _ingests(api)
    wanted = [f"ingest__{name}" for name in sources] or on
    if missing := sorted(set(wanted) - set(on)):
        raise ConfigurationError(
            f"{', '.join(missing)} does not exist.",
            remedy=f"switched on are {', '.join(dag_id.removeprefix('ingest__') for dag_id in on)}.",
        )
    before = {run.run_id for run in api.runs(business_date)}
    follower = _Follower(stack, business_date, before, watch, time.monotonic() + patience)
    for dag_id in wanted:
        api.trigger(dag_id, business_date, {"first_day": first.isoformat(), "last_day": last.isoformat()})
    follower.until(set(wanted))
    api.trigger("transform", business_date, {"is_backfill": True})
    follower.until({*wanted, "transform"})
    return follower.outcome()


@dataclass(slots=True)
class _Follower:
    stack: Stack
    business_date: date
    before: set[str]
    watch: Watch
    deadline: float
    seen: dict[tuple[str, str, int], TaskRun] = field(default_factory=dict)
    over: set[str] = field(default_factory=set)

    def until(self, dag_ids: set[str]) -> None:
        """Watch until a run of each DAG is over."""
        since = time.monotonic()
        while True:
            # Runs first: a run that is over has no task left to change when the tasks are read.
            runs = self.runs()
            self._look(runs)
            if dag_ids <= {run.dag_id for run in runs if run.is_over}:
                return
            missing = dag_ids - {run.dag_id for run in runs}
            if missing and time.monotonic() - since > _HANDOVER_SECONDS:
                raise Retryable(
                    f"no run of {', '.join(sorted(missing))} began for {self.business_date}.",
                    remedy="`quanyu status` shows whether the scheduler runs; its log is in var/logs.",
                )
            if not missing:
                since = time.monotonic()
            self.stack.require_alive()
            if time.monotonic() > self.deadline:
                waiting = sorted(task.name for task in self.seen.values() if task.state in {"running", "deferred"})
                raise Retryable(f"{self.business_date} is not over yet: {', '.join(waiting)} still under way.")
            time.sleep(_POLL_SECONDS)

    def runs(self) -> list[Run]:
        """The runs that this night began."""
        return [run for run in self.stack.api.runs(self.business_date) if run.run_id not in self.before]

    def state(self, dag_id: str) -> str:
        """How the DAG's run stands."""
        return next((run.state for run in self.runs() if run.dag_id == dag_id), "")

    def outcome(self) -> Outcome:
        """All runs, and the tasks that failed."""
        failed = [task for task in self.seen.values() if task.state == "failed"]
        return Outcome(runs=self.runs(), failed=sorted(failed, key=lambda task: task.ended_at))

    def _look(self, runs: Sequence[Run]) -> None:
        ours = {run.run_id for run in runs}
        # Asked run by run each second, thirty runs kept the server's core busy and the tasks waiting.
        found = [task for task in self.stack.api.changed_tasks(utc_now() - _LATELY) if task.run_id in ours]
        for run in runs:
            if run.is_over and run.run_id not in self.over:
                self.over.add(run.run_id)
                found += self.stack.api.tasks(run)
        for task in found:
            key = (task.dag_id, task.task_id, task.map_index)
            if key not in self.seen or self.seen[key].state != task.state:
                self.seen[key] = task
                self.watch(task)


def _ingests(api: AirflowApi) -> list[str]:
    """Wait until the DAG files were read; the ingest DAGs. Raises Rejected when a file cannot be read."""
    began = time.monotonic()
    while True:
        known = api.dag_ids()
        ingests = sorted(dag_id for dag_id in known if dag_id.startswith("ingest__"))
        is_read = {"transform", "activate"} <= known
        if is_read and ingests:
            return ingests
        if errors := api.import_errors():
            raise Rejected(f"a DAG file cannot be read: {'; '.join(errors)}.")
        # One file makes all ingest DAGs; it may be the last one that is read, or make none.
        if is_read and time.monotonic() - began > _INGEST_SECONDS:
            raise ConfigurationError(
                "no source is switched on.", remedy="create a connection, e.g. quanyu_tmall; README.md lists them."
            )
        if time.monotonic() - began > _PARSE_SECONDS:
            raise Retryable(
                f"the DAG files were not read in {_PARSE_SECONDS} s.", remedy="see var/logs/dag-processor.log."
            )
        time.sleep(_POLL_SECONDS)


def explain(api: AirflowApi, outcome: Outcome, *, lines: int = 15) -> str:
    """Name the task that failed first, with the end of its log."""
    if not outcome.failed:
        return f"{', '.join(run.dag_id for run in outcome.runs if run.state != 'success')} did not succeed."
    first = outcome.failed[0]
    others = f" ({len(outcome.failed) - 1} more failed after it)" if len(outcome.failed) > 1 else ""
    tail = "\n".join(api.log(first).splitlines()[-lines:])
    return f"{first.name} failed{others}. The end of its log:\n{tail}"
