"""One dbt layer as one task."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.definitions.context import Context

from quanyu import dbt
from quanyu.orchestration.clock import business_date
from quanyu.orchestration.retries import DBT_ONCE_MORE
from quanyu.settings import settings

_RETRIES = 1


class DbtBuild(BaseOperator):
    """Build the models of one layer and run their tests; a line per node in the log and a row in `ops.dbt_result`."""

    def __init__(self, *, layer: str, **kwargs: Any) -> None:
        kwargs |= {"retries": _RETRIES, "retry_policy": DBT_ONCE_MORE, "pool": "dbt"}
        super().__init__(task_id=layer, **kwargs)
        self.layer = layer

    def execute(self, context: Context) -> None:
        """Run `dbt build`, or `dbt retry` when Airflow itself repeats the task."""
        # Clearing a task raises max_tries: the first try after it is a full build, because the data may be new.
        ti = context["ti"]
        is_repeat = ti.try_number > ti.max_tries - _RETRIES + 1
        for node in dbt.build(self.layer, business_date(context), dsn=settings().dsn, retry=is_repeat):
            self.log.info("%6.2f s  %-8s %s", node.seconds, node.status, node.node)
