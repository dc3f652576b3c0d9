"""Airflow's REST interface, as far as a night needs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

import httpx

from quanyu.errors import Rejected, Retryable


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One DAG run and its state."""

    dag_id: str
    run_id: str
    state: str

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen in it."""
        return self.state in {"success", "failed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRun:
    """One task instance; `label` names a mapped one after its business key."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    label: str
    state: str
    try_number: int
    seconds: float
    ended_at: str

    @property
    def name(self) -> str:
        """`ingest__tmall.land[trades]`."""
        return f"{self.dag_id}.{self.task_id}" + (f"[{self.label}]" if self.label else "")


@dataclass(frozen=True)
class AirflowApi:
    """One address and one user; the token is fetched on first use."""

    url: str
    user: str
    password: str = field(repr=False)

    def unhealthy(self) -> Sequence[str]:
        """Components that do not answer yet."""
        components = ("metadatabase", "scheduler", "triggerer", "dag_processor")
        try:
            answer = httpx.get(f"{self.url}/api/v2/monitor/health", timeout=10)
        except httpx.TransportError:
            return ("api_server",)
        if answer.status_code != 200:
            return ("api_server",)
        return [name for name in components if (answer.json().get(name) or {}).get("status") != "healthy"]

    def dag_ids(self) -> set[str]:
        """DAGs that the dag processor has read."""
        return {dag["dag_id"] for dag in self._get("/dags", {"limit": 100})["dags"]}

    def import_errors(self) -> list[str]:
        """Why a DAG file could not be read."""
        errors = self._get("/importErrors")["import_errors"]
        return [f"{error['filename']}: {error['stack_trace'].strip().splitlines()[-1]}" for error in errors]

    def trigger(self, dag_id: str, business_date: date, conf: Mapping[str, Any] | None = None) -> str:
        """Start a run for one partition, with the parameters `conf`, and return its id."""
        body = {"logical_date": None, "partition_key": business_date.isoformat(), "conf": dict(conf or {})}
        return str(self._call("POST", f"/dags/{dag_id}/dagRuns", json=body)["dag_run_id"])

    def runs(self, business_date: date) -> list[Run]:
        """Every run of one partition, oldest first."""
        query: dict[str, str | int] = {
            "partition_key_prefix_pattern": business_date.isoformat(),
            "order_by": "run_after",
            "limit": 100,
        }
        found = self._get("/dags/~/dagRuns", query)["dag_runs"]
        return [Run(dag_id=run["dag_id"], run_id=run["dag_run_id"], state=run["state"]) for run in found]

    def tasks(self, run: Run) -> list[TaskRun]:
        """The task instances of a run."""
        return self._tasks(f"/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances", {})

    def changed_tasks(self, since: datetime) -> list[TaskRun]:
        """The task instances of any run that were begun or changed since a moment: one question for all runs."""
        return self._tasks("/dags/~/dagRuns/~/taskInstances", {"updated_at_gte": since.isoformat()})

    def _tasks(self, path: str, query: Mapping[str, str]) -> list[TaskRun]:
        found: list[Any] = []
        # A page holds what api.maximum_page_limit allows; an id never changes, so that no page skips a row.
        while True:
            page = self._get(path, {**query, "limit": 100, "order_by": "id", "offset": len(found)})
            found += page["task_instances"]
            if not page["task_instances"] or len(found) >= page["total_entries"]:
                break
        return [
            TaskRun(
                dag_id=task["dag_id"],
                run_id=task["dag_run_id"],
                task_id=task["task_id"],
                map_index=task["map_index"],
                label=task["rendered_map_index"] or ("" if task["map_index"] < 0 else str(task["map_index"])),
                state=task["state"] or "none",
                try_number=task["try_number"],
                seconds=task["duration"] or 0.0,
                ended_at=task["end_date"] or "",
            )
            for task in found
        ]

    def log(self, task: TaskRun) -> str:
        """The log of a task's last try, one event per line."""
        path = f"/dags/{task.dag_id}/dagRuns/{task.run_id}/taskInstances/{task.task_id}/logs/{task.try_number}"
        events = self._get(path, {"map_index": task.map_index, "full_content": True})["content"]
        lines = [_line(event) for event in events]
        return "\n".join(line for line in lines if not line.startswith(("::group::", "::endgroup::")))

    def _get(self, path: str, query: Mapping[str, str | int] | None = None) -> Any:
        return self._call("GET", path, params=query)

    def _call(self, method: str, path: str, **arguments: Any) -> Any:
        try:
            answer = self._client.request(method, path, **arguments)
        except httpx.TransportError as error:
            raise Retryable(
                f"Airflow at {self.url} does not answer ({type(error).__name__}).", remedy="`quanyu status`, `make up`."
            ) from None
        return _body(answer)

    @cached_property
    def _client(self) -> httpx.Client:
        credentials = {"username": self.user, "password": self.password}
        client = httpx.Client(timeout=30)
        token = _body(client.post(f"{self.url}/auth/token", json=credentials))["access_token"]
        client.base_url = httpx.URL(f"{self.url}/api/v2")
        client.headers["Authorization"] = f"Bearer {token}"
        return client


def _body(answer: httpx.Response) -> Any:
    if answer.is_error:
        raise Rejected(
            f"Airflow answered {answer.status_code} to {answer.request.method} {answer.request.url.path}:"
            f" {answer.text[:300]}"
        )
    return answer.json()


def _line(event: Any) -> str:
    if isinstance(event, str):
        return event
    detail = event.get("error_detail") or []
    reasons = [f"  {error.get('exc_type')}: {error.get('exc_value')}" for error in detail]
    return "\n".join([str(event.get("event", "")), *reasons])
