"""The business date: a DAG run's partition key, and nothing else."""

from __future__ import annotations

from datetime import date

from airflow.sdk import CronPartitionTimetable, get_current_context
from airflow.sdk.definitions.context import Context

from quanyu.errors import ConfigurationError


def nightly(cron: str) -> CronPartitionTimetable:
    """At `cron` in Shanghai, for the day before: the partition key of the run on the 21st is `2026-11-20`."""
    return CronPartitionTimetable(cron, timezone="Asia/Shanghai", run_offset=-1, key_format="%Y-%m-%d")


def business_date(context: Context | None = None) -> date:
    """The day this run is about. Raises ConfigurationError when the run was started without a partition key."""
    key = (context or get_current_context()).get("partition_key")
    if not key:
        raise ConfigurationError(
            "this run has no partition key, so no business date.",
            remedy="start it with `quanyu night --date`, or give a partition key in the trigger form.",
        )
    return date.fromisoformat(key)
