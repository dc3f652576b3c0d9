"""The business date, which is a DAG run's partition key and nothing else; and the days that a backfill asks for."""

from __future__ import annotations

from datetime import date, timedelta

from airflow.sdk import CronPartitionTimetable, PartitionedAtRuntime, get_current_context
from airflow.sdk.definitions.context import Context

from quanyu.contracts import Window
from quanyu.errors import ConfigurationError
from quanyu.settings import is_clock_frozen


def nightly(cron: str) -> CronPartitionTimetable | PartitionedAtRuntime:
    """At `cron` in Shanghai, for the day before: the partition key of the run on the 21st is `2026-11-20`.

    Not before the next time after the first start: Airflow would begin a night that is up to 2.4 hours old
    (`run_immediately=False` does not keep it from that). Never where the clock is frozen: no real night belongs to it.
    """
    if is_clock_frozen():
        return PartitionedAtRuntime()
    return CronPartitionTimetable(
        cron, timezone="Asia/Shanghai", run_offset=-1, run_immediately=timedelta(0), key_format="%Y-%m-%d"
    )


def business_date(context: Context | None = None) -> date:
    """The day this run is about. Raises ConfigurationError when the run was started without a partition key."""
    key = (context or get_current_context()).get("partition_key")
    if not key:
        raise ConfigurationError(
            "this run has no partition key, so no business date.",
            remedy="start it with `quanyu night --date`, or give a partition key in the trigger form.",
        )
    return date.fromisoformat(key)


def backfill_window(context: Context | None = None) -> Window | None:
    """The days `first_day` to `last_day` of the run's parameters; None for an ordinary night."""
    asked = (context or get_current_context())["params"]
    first, last = asked.get("first_day"), asked.get("last_day")
    if not first and not last:
        return None
    if not first or not last or first > last:
        raise ConfigurationError(
            f"a backfill needs first_day and last_day in this order, got {first} and {last}.",
            remedy="start it with `quanyu backfill --from --to`, or correct the run's parameters.",
        )
    return Window.of_days(date.fromisoformat(first), date.fromisoformat(last))
