"""An Airflow home of its own for the DAG tests, set before anything imports Airflow."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterable

import pytest

os.environ |= {"AIRFLOW_HOME": tempfile.mkdtemp(prefix="quanyu-airflow-"), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}

SwitchOn = Callable[[Iterable[str]], None]


@pytest.fixture
def switch_on(monkeypatch: pytest.MonkeyPatch) -> SwitchOn:
    """Create the Airflow connections of the named platforms, as the environment does."""

    def create(names: Iterable[str]) -> None:
        for name in names:
            fields = {"conn_type": "http", "host": "http://127.0.0.1:9", "login": "key", "password": "not-a-secret"}
            monkeypatch.setenv(f"AIRFLOW_CONN_QUANYU_{name.upper()}", json.dumps(fields))

    return create
